import { keyObjectOf } from './client-keys.ts';
import type { ClientJwk } from './client-keys.ts';
import { isProofAlgorithm } from './public-jwk.ts';
import type { ProofAlgorithm } from './public-jwk.ts';
import { verifySignature } from './verify-signature.ts';

/** A signed JWT, taken apart and not verified. @see RFC 7515 §7.1 */
export type ParsedJwt = {
  readonly header: Readonly<Record<string, unknown>>;
  readonly claims: Readonly<Record<string, unknown>>;
  /** What is signed. */
  readonly signed: Buffer;
  readonly signature: Buffer;
};

const JWT = /^(?<header>[A-Za-z0-9_-]+)\.(?<claims>[A-Za-z0-9_-]+)\.(?<signature>[A-Za-z0-9_-]+)$/;
/** Several times what assertions have. */
const JWT_MAX_CHARACTERS = 8192;

/** The parts of a JWT; `undefined` for a text that is none. Extensions that must be understood are not (`crit`). */
export const parseJwt = (text: string): ParsedJwt | undefined => {
  const parts = text.length <= JWT_MAX_CHARACTERS ? JWT.exec(text)?.groups : undefined;
  if (parts === undefined) return undefined;
  const header = readObject(Buffer.from(parts['header'] ?? '', 'base64url'));
  const claims = readObject(Buffer.from(parts['claims'] ?? '', 'base64url'));
  if (header === undefined || claims === undefined || header['crit'] !== undefined) return undefined;
  const signed = Buffer.from(text.slice(0, text.lastIndexOf('.')), 'latin1');
  return { header, claims, signed, signature: Buffer.from(parts['signature'] ?? '', 'base64url') };
};

const UTF8 = new TextDecoder('utf-8', { fatal: true });

const readObject = (bytes: Buffer): Readonly<Record<string, unknown>> | undefined => {
  try {
    const value: unknown = JSON.parse(UTF8.decode(bytes));
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
};

/** What a key is that signs by an algorithm. `Ed25519` is the name that RFC 9864 gives to EdDSA with that curve. */
const FITS: Readonly<Record<ProofAlgorithm, (jwk: ClientJwk) => boolean>> = {
  PS256: ({ kty }) => kty === 'RSA',
  ES256: ({ kty, crv }) => kty === 'EC' && crv === 'P-256',
  EdDSA: ({ kty, crv }) => kty === 'OKP' && crv === 'Ed25519',
  Ed25519: ({ kty, crv }) => kty === 'OKP' && crv === 'Ed25519',
};

/** Whether one of a client's keys signed a JWT, or why not. Does not wait. */
export const verifyJwt = (
  { header, signed, signature }: ParsedJwt,
  keys: readonly ClientJwk[],
): 'verified' | 'assertion_algorithm_wrong' | 'assertion_key_unknown' | 'assertion_signature_wrong' => {
  const { alg, kid } = header;
  if (!isProofAlgorithm(alg)) return 'assertion_algorithm_wrong';
  const candidates = keys.filter(
    (jwk) => (kid === undefined || jwk.kid === kid) && isFor(jwk, alg) && FITS[alg](jwk),
  );
  if (candidates.length === 0) return 'assertion_key_unknown';
  const isSigned = candidates.some((jwk) => verifySignature(alg, keyObjectOf(jwk), signed, signature));
  return isSigned ? 'verified' : 'assertion_signature_wrong';
};

const isFor = ({ use = 'sig', alg: own }: ClientJwk, alg: ProofAlgorithm): boolean =>
  use === 'sig' && (own === undefined || own === alg || (isEdwards(own) && isEdwards(alg)));

const isEdwards = (alg: string): boolean => alg === 'EdDSA' || alg === 'Ed25519';

import { constants, verify } from 'node:crypto';
import { keyObjectOf } from './client-keys.ts';
import type { ClientJwk } from './client-keys.ts';

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

type Algorithm = {
  fits(jwk: ClientJwk): boolean;
  verify(jwk: ClientJwk, signed: Buffer, signature: Buffer): boolean;
};

const ES256_BYTES = 64;
const PS256 = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 } as const;

const eddsa: Algorithm = {
  fits: ({ kty, crv }) => kty === 'OKP' && crv === 'Ed25519',
  verify: (jwk, signed, signature) => verify(null, signed, keyObjectOf(jwk), signature),
};

/**
 * How assertions may be signed, by `alg`. `Ed25519` is the name that RFC 9864 gives to EdDSA with that curve.
 *
 * @see FAPI 2.0 Security Profile §5.4.1
 */
const ALGORITHMS: ReadonlyMap<unknown, Algorithm> = new Map<unknown, Algorithm>([
  [
    'PS256',
    {
      fits: ({ kty }) => kty === 'RSA',
      verify: (jwk, signed, signature) =>
        verify('sha256', signed, { key: keyObjectOf(jwk), ...PS256 }, signature),
    },
  ],
  [
    'ES256',
    {
      fits: ({ kty, crv }) => kty === 'EC' && crv === 'P-256',
      verify: (jwk, signed, signature) =>
        signature.length === ES256_BYTES &&
        verify('sha256', signed, { key: keyObjectOf(jwk), dsaEncoding: 'ieee-p1363' }, signature),
    },
  ],
  ['EdDSA', eddsa],
  ['Ed25519', eddsa],
]);

/** The names of the algorithms, as metadata lists them. */
export const ASSERTION_ALGORITHMS: readonly string[] = ['PS256', 'ES256', 'EdDSA', 'Ed25519'];

/** Whether one of a client's keys signed a JWT, or why not. Does not wait. */
export const verifyJwt = (
  { header, signed, signature }: ParsedJwt,
  keys: readonly ClientJwk[],
): 'verified' | 'assertion_algorithm_wrong' | 'assertion_key_unknown' | 'assertion_signature_wrong' => {
  const { alg, kid } = header;
  const algorithm = ALGORITHMS.get(alg);
  if (algorithm === undefined) return 'assertion_algorithm_wrong';
  const candidates = keys.filter(
    (jwk) => (kid === undefined || jwk.kid === kid) && isFor(jwk, alg) && algorithm.fits(jwk),
  );
  if (candidates.length === 0) return 'assertion_key_unknown';
  const isSigned = candidates.some((jwk) => algorithm.verify(jwk, signed, signature));
  return isSigned ? 'verified' : 'assertion_signature_wrong';
};

/** Whether a key is for signatures, by an algorithm where it names one. */
const isFor = ({ use = 'sig', alg: own }: ClientJwk, alg: unknown): boolean =>
  use === 'sig' && (own === undefined || ALGORITHMS.get(own) === ALGORITHMS.get(alg));

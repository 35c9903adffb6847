import { hash } from 'node:crypto';
import { leastAgeMs } from '../clock.ts';
import type { Millis, Now } from '../clock.ts';
import { createKeptTexts } from '../memoize.ts';
import { isSameUri } from './normal-uri.ts';
import { isProofAlgorithm, readPublicJwk } from './public-jwk.ts';
import type { ProofAlgorithm, PublicJwk } from './public-jwk.ts';
import { verifySignature } from './verify-signature.ts';

/** The request that a proof must be for. */
export type ProvedRequest = {
  readonly method: string;
  /** The URL that the client called, without its query: behind a proxy the public one. */
  readonly uri: string;
  /** The access token that comes with it, at a resource. */
  readonly accessToken?: string | undefined;
  /** Whether a nonce is one of ours and still good. Absent where none is demanded. */
  readonly isFreshNonce?: ((nonce: string) => boolean) | undefined;
};

/** Why a proof proves nothing. */
export type ProofFault =
  | 'proof_malformed'
  | 'proof_key_refused'
  | 'proof_of_other_request'
  | 'proof_out_of_time'
  | 'proof_of_other_token'
  | 'proof_nonce_missing'
  | 'proof_signature_wrong';

/** What a good proof says: which key signed it, and its id, which must not be used again. */
export type DpopProof = { readonly thumbprint: string; readonly jti: string };

/** The longest proof that is read: room for an RSA key of 4096 bits and its signature. */
export const PROOF_MAX_CHARACTERS = 4096;
export const PROOF_JTI_MAX_CHARACTERS = 256;
/** How far a client's clock may be behind or ahead. @see FAPI 2.0 Security Profile §5.3.2.1-13 */
export const PROOF_CLOCK_SKEW_MS: Millis = 60_000;

const COMPACT = /^(?<header>[\w-]+)\.(?<payload>[\w-]+)\.(?<signature>[\w-]+)$/;
const TYPE = 'dpop+jwt';

/** The head of a proof: the same text in every proof of a client. */
type ProofHead = PublicJwk & { readonly algorithm: ProofAlgorithm };

/** The heads of good proofs, so that a key is made once, and not at every proof. */
const kept = createKeptTexts<ProofHead>({ textsMax: 1024, characterMax: 2048 });

/**
 * Checks a DPoP proof: its form, its key, that it is for this request, its time, its nonce and its signature. What costs most
 * comes last. Who calls it must also remember the `jti`.
 *
 * @see RFC 9449 §4.2 and §4.3
 */
export const checkProof = (text: string, request: ProvedRequest, now: Now): DpopProof | ProofFault => {
  const parts = text.length > PROOF_MAX_CHARACTERS ? undefined : COMPACT.exec(text)?.groups;
  const { header = '', payload = '', signature = '' } = parts ?? {};
  if (parts === undefined) return 'proof_malformed';
  const known = kept.read(header);
  const head = known ?? readHead(header);
  if (typeof head === 'string') return head;
  const claims = readObject(payload);
  if (claims === undefined) return 'proof_malformed';
  const { jti } = claims;
  if (typeof jti !== 'string' || jti === '' || jti.length > PROOF_JTI_MAX_CHARACTERS)
    return 'proof_malformed';
  const fault = faultOfClaims(claims, request, now);
  if (fault !== undefined) return fault;
  const signed = Buffer.from(text.slice(0, header.length + 1 + payload.length), 'latin1');
  if (!verifySignature(head.algorithm, head.key, signed, Buffer.from(signature, 'base64url')))
    return 'proof_signature_wrong';
  // Only now, so that nobody without a key fills it.
  if (known === undefined) kept.keep(header, head);
  return { thumbprint: head.thumbprint, jti };
};

/** The nonce of a proof that is not checked yet: empty for none; `undefined` for a text that cannot be a proof. */
export const readProofNonce = (text: string): string | undefined => {
  const payload = text.length > PROOF_MAX_CHARACTERS ? undefined : COMPACT.exec(text)?.groups?.['payload'];
  const claims = payload === undefined ? undefined : readObject(payload);
  if (claims === undefined) return undefined;
  return typeof claims['nonce'] === 'string' ? claims['nonce'] : '';
};

const readHead = (text: string): ProofHead | ProofFault => {
  const header = readObject(text);
  if (header === undefined || header['typ'] !== TYPE || 'crit' in header) return 'proof_malformed';
  const { alg: algorithm, jwk } = header;
  const publicJwk = isProofAlgorithm(algorithm) ? readPublicJwk(jwk, algorithm) : undefined;
  return publicJwk === undefined || !isProofAlgorithm(algorithm)
    ? 'proof_key_refused'
    : { ...publicJwk, algorithm };
};

type Claims = Readonly<Record<string, unknown>>;

const readObject = (base64: string): Claims | undefined => {
  try {
    const value: unknown = JSON.parse(Buffer.from(base64, 'base64url').toString('utf8'));
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Claims)
      : undefined;
  } catch {
    return undefined;
  }
};

const faultOfClaims = (
  { htm, htu, iat, nbf, exp, nonce, ath }: Claims,
  { method, uri, accessToken, isFreshNonce }: ProvedRequest,
  now: Now,
): ProofFault | undefined => {
  if (typeof htm !== 'string' || typeof htu !== 'string' || !isMoment(iat)) return 'proof_malformed';
  if (htm !== method || !isSameUri(htu, uri)) return 'proof_of_other_request';
  if ((nbf !== undefined && !isMoment(nbf)) || (exp !== undefined && !isMoment(exp)))
    return 'proof_malformed';
  if (!isInTime({ iat, nbf, exp }, now)) return 'proof_out_of_time';
  if (accessToken !== undefined && ath !== hash('sha256', accessToken, 'base64url'))
    return 'proof_of_other_token';
  if (isFreshNonce !== undefined && !(typeof nonce === 'string' && isFreshNonce(nonce)))
    return 'proof_nonce_missing';
  return undefined;
};

const isMoment = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);

/** Not older than the skew, not further ahead, and inside what the client itself says. */
const isInTime = (
  {
    iat,
    nbf,
    exp,
  }: { readonly iat: number; readonly nbf: number | undefined; readonly exp: number | undefined },
  now: Now,
): boolean => {
  const latestMs = now.nowMs + PROOF_CLOCK_SKEW_MS;
  if (iat * 1000 > latestMs || (nbf !== undefined && nbf * 1000 > latestMs)) return false;
  if (leastAgeMs(iat * 1000, now) > PROOF_CLOCK_SKEW_MS) return false;
  return exp === undefined || leastAgeMs(exp * 1000, now) < PROOF_CLOCK_SKEW_MS;
};

import { createPublicKey, hash } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

/** How clients may sign what proves who they are. @see FAPI 2.0 Security Profile §5.4.1 */
export const PROOF_ALGORITHMS = ['ES256', 'PS256', 'EdDSA', 'Ed25519'] as const;
export type ProofAlgorithm = (typeof PROOF_ALGORITHMS)[number];

export const isProofAlgorithm = (name: unknown): name is ProofAlgorithm =>
  PROOF_ALGORITHMS.some((one) => one === name);

/** A public key that a client showed, and its thumbprint (RFC 7638): SHA-256 in 43 characters of base64url. */
export type PublicJwk = { readonly key: KeyObject; readonly thumbprint: string };

const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];
const RSA_MIN_BITS = 2048;
/** A larger one would make every check dear for us, and not for its holder. */
const RSA_MAX_BITS = 4096;
/** The usual exponents, 65537 and 3. */
const RSA_EXPONENTS = ['AQAB', 'Aw'];

/** The members that make a key of each algorithm, in the order of their names: what a thumbprint is made of. */
const MEMBERS: Readonly<Record<ProofAlgorithm, (jwk: Members) => Members | undefined>> = {
  ES256: ({ kty, crv, x, y }) =>
    kty === 'EC' && crv === 'P-256' && isOfBytes(x, 32) && isOfBytes(y, 32) ? { crv, kty, x, y } : undefined,
  PS256: ({ kty, n, e }) =>
    kty === 'RSA' && isModulus(n) && RSA_EXPONENTS.some((one) => one === e) ? { e, kty, n } : undefined,
  EdDSA: (jwk) => edwardsMembers(jwk),
  Ed25519: (jwk) => edwardsMembers(jwk),
};

type Members = Readonly<Record<string, unknown>>;

const edwardsMembers = ({ kty, crv, x }: Members): Members | undefined =>
  kty === 'OKP' && crv === 'Ed25519' && isOfBytes(x, 32) ? { crv, kty, x } : undefined;

/**
 * The public key of a JWK for an algorithm; `undefined` for one of another kind, a weak one, or one with private members.
 *
 * @see RFC 7517 §4, RFC 7638 §3
 */
export const readPublicJwk = (jwk: unknown, algorithm: ProofAlgorithm): PublicJwk | undefined => {
  if (typeof jwk !== 'object' || jwk === null || PRIVATE_MEMBERS.some((name) => name in jwk))
    return undefined;
  const members = MEMBERS[algorithm](jwk as Members);
  if (members === undefined) return undefined;
  try {
    const key = createPublicKey({ key: members, format: 'jwk' });
    return { key, thumbprint: hash('sha256', JSON.stringify(members), 'base64url') };
  } catch {
    // Not a point of the curve.
    return undefined;
  }
};

/** The bytes of a value in base64url, written in the one way that encoders write it. */
const bytesOf = (value: unknown): Buffer | undefined => {
  if (typeof value !== 'string') return undefined;
  const bytes = Buffer.from(value, 'base64url');
  return bytes.toString('base64url') === value ? bytes : undefined;
};

const isOfBytes = (value: unknown, length: number): value is string => bytesOf(value)?.length === length;

const isModulus = (value: unknown): value is string => {
  const bytes = bytesOf(value);
  if (bytes === undefined || bytes[0] === undefined || bytes[0] === 0) return false;
  const bits = bytes.length * 8 - (Math.clz32(bytes[0]) - 24);
  return bits >= RSA_MIN_BITS && bits <= RSA_MAX_BITS;
};

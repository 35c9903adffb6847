import { createECDH, createPrivateKey, createPublicKey, generateKeyPairSync, hash } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

/** Bytes that a signing key is derived from: the 256 bits of the curve, and 128 more so that no scalar is favoured. */
export const SIGNING_SEED_BYTES = 48;

/** How a JWT is signed (RFC 7518 §3.1). */
export const SIGNING_ALGORITHMS = ['ES256', 'RS256'] as const;
export type SigningAlgorithm = (typeof SIGNING_ALGORITHMS)[number];

/** The public part of a signing key as JWKS shows it (RFC 7517). */
export type PublicJwk = { readonly kid: string; readonly use: 'sig' } & (
  | {
      readonly kty: 'EC';
      readonly crv: 'P-256';
      readonly x: string;
      readonly y: string;
      readonly alg: 'ES256';
    }
  | { readonly kty: 'RSA'; readonly n: string; readonly e: string; readonly alg: 'RS256' }
);

/** A key pair that signs JWTs. */
export type SigningKey = {
  readonly algorithm: SigningAlgorithm;
  /** The thumbprint of the public part (RFC 7638). */
  readonly kid: string;
  readonly jwk: PublicJwk;
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
};

/** The order of the base point of P-256 (SP 800-186 §3.2.1.3). */
const ORDER = 0xffff_ffff_0000_0000_ffff_ffff_ffff_ffff_bce6_faad_a717_9e84_f3b9_cac2_fc63_2551n;
const COORDINATE_BYTES = 32;

/**
 * The P-256 key pair of a seed, a function of the seed alone: every node has the same, and none is stored. The private
 * scalar is the seed, as a number, reduced to 1..n-1.
 *
 * @see FIPS 186-5 A.2.1, key pair generation using extra random bits
 */
export const createSigningKey = (seed: Buffer): SigningKey => {
  const scalar = (BigInt(`0x${seed.toString('hex')}`) % (ORDER - 1n)) + 1n;
  const secret = Buffer.from(scalar.toString(16).padStart(COORDINATE_BYTES * 2, '0'), 'hex');
  const curve = createECDH('prime256v1');
  curve.setPrivateKey(secret);
  // Uncompressed: one byte that says so, then the two coordinates.
  const point = curve.getPublicKey();
  const x = point.toString('base64url', 1, 1 + COORDINATE_BYTES);
  const y = point.toString('base64url', 1 + COORDINATE_BYTES);
  const jwk = { kty: 'EC', crv: 'P-256', x, y } as const;
  // The members that a thumbprint is made of, in the order of their names.
  const kid = hash('sha256', JSON.stringify({ crv: jwk.crv, kty: jwk.kty, x, y }), 'base64url');
  return {
    algorithm: 'ES256',
    kid,
    jwk: { ...jwk, kid, alg: 'ES256', use: 'sig' },
    publicKey: createPublicKey({ key: jwk, format: 'jwk' }),
    privateKey: createPrivateKey({ key: { ...jwk, d: secret.toString('base64url') }, format: 'jwk' }),
  };
};

const RSA_BITS = 2048;

/**
 * A new RSA key as PKCS #8 in DER. Nothing derives it: libraries differ in how they search for primes, so nodes could
 * disagree.
 */
export const generateRsaKey = (): Buffer =>
  generateKeyPairSync('rsa', {
    modulusLength: RSA_BITS,
    publicKeyEncoding: { type: 'spki', format: 'der' },
    privateKeyEncoding: { type: 'pkcs8', format: 'der' },
  }).privateKey;

/** The key pair of an RSA key of at least 2048 bits, in PKCS #8 and DER; `undefined` for anything else. */
export const readRsaSigningKey = (pkcs8: Buffer): SigningKey | undefined => {
  const privateKey = readPrivateKey(pkcs8);
  if (privateKey?.asymmetricKeyType !== 'rsa') return undefined;
  if ((privateKey.asymmetricKeyDetails?.modulusLength ?? 0) < RSA_BITS) return undefined;
  const publicKey = createPublicKey(privateKey);
  const { n = '', e = '' } = publicKey.export({ format: 'jwk' });
  // The members that a thumbprint is made of, in the order of their names.
  const kid = hash('sha256', JSON.stringify({ e, kty: 'RSA', n }), 'base64url');
  return {
    algorithm: 'RS256',
    kid,
    jwk: { kty: 'RSA', n, e, kid, alg: 'RS256', use: 'sig' },
    publicKey,
    privateKey,
  };
};

const readPrivateKey = (pkcs8: Buffer): KeyObject | undefined => {
  try {
    return createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' });
  } catch {
    return undefined;
  }
};

import { createECDH, createPrivateKey, createPublicKey, hash } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

/** Bytes that a signing key is derived from: the 256 bits of the curve, and 128 more so that no scalar is favoured. */
export const SIGNING_SEED_BYTES = 48;

/** The public part of a signing key as JWKS shows it (RFC 7517). */
export type PublicJwk = {
  readonly kty: 'EC';
  readonly crv: 'P-256';
  readonly x: string;
  readonly y: string;
  readonly kid: string;
  readonly alg: 'ES256';
  readonly use: 'sig';
};

/** A P-256 key pair, a function of its seed alone: every node has the same, and none is stored. */
export type SigningKey = {
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
 * The key pair of a seed. The private scalar is the seed, as a number, reduced to 1..n-1.
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
    kid,
    jwk: { ...jwk, kid, alg: 'ES256', use: 'sig' },
    publicKey: createPublicKey({ key: jwk, format: 'jwk' }),
    privateKey: createPrivateKey({ key: { ...jwk, d: secret.toString('base64url') }, format: 'jwk' }),
  };
};

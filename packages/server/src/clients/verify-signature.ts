import { constants, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { ProofAlgorithm } from './public-jwk.ts';

const ES256_BYTES = 64;
const PS256_SALT_BYTES = 32;

/**
 * The two numbers of an ES256 signature as DER has them (SEQUENCE of two INTEGERs). Node can do that itself, at the cost of half a
 * verification more.
 */
const derOf = (signature: Uint8Array): Buffer => {
  const numbers = [derNumber(signature.subarray(0, 32)), derNumber(signature.subarray(32))];
  return Buffer.from([SEQUENCE, numbers.reduce((sum, { length }) => sum + length, 0), ...numbers.flat()]);
};

const SEQUENCE = 0x30;
const INTEGER = 0x02;

/** Without leading zeros, except one before a byte that would make it negative. */
const derNumber = (bytes: Uint8Array): readonly number[] => {
  const first = bytes.findIndex((byte) => byte !== 0);
  const digits = first < 0 ? [0] : [...bytes.subarray(first)];
  if ((digits[0] ?? 0) >= 0x80) digits.unshift(0);
  return [INTEGER, digits.length, ...digits];
};

/** Whether a signature of JOSE (RFC 7515) is that of the key over `signed`. Must not wait. */
export const verifySignature = (
  algorithm: ProofAlgorithm,
  key: KeyObject,
  signed: Uint8Array,
  signature: Uint8Array,
): boolean => {
  switch (algorithm) {
    case 'ES256':
      return signature.length === ES256_BYTES && verify('sha256', signed, key, derOf(signature));
    case 'PS256':
      return verify(
        'sha256',
        signed,
        { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: PS256_SALT_BYTES },
        signature,
      );
    case 'EdDSA':
    case 'Ed25519':
      return verify(null, signed, key, signature);
  }
};

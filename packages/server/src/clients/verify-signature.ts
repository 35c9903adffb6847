import { constants, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { ProofAlgorithm } from './public-jwk.ts';

const ES256_BYTES = 64;
const PS256_SALT_BYTES = 32;

/** Whether a signature of JOSE (RFC 7515) is that of the key over `signed`. Must not wait. */
export const verifySignature = (
  algorithm: ProofAlgorithm,
  key: KeyObject,
  signed: Uint8Array,
  signature: Uint8Array,
): boolean => {
  switch (algorithm) {
    case 'ES256':
      return (
        signature.length === ES256_BYTES &&
        verify('sha256', signed, { key, dsaEncoding: 'ieee-p1363' }, signature)
      );
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

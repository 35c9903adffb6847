import { hash } from 'node:crypto';

const USE_DIGEST_BYTES = 16;

/** The digest of an `Idempotency-Key`, by which the same use is recognised. */
export const digestUse = (idempotencyKey: string | undefined): Buffer | undefined =>
  idempotencyKey === undefined
    ? undefined
    : hash('sha256', idempotencyKey, 'buffer').subarray(0, USE_DIGEST_BYTES);

import { hash } from 'node:crypto';

const USE_DIGEST_BYTES = 16;

/** What is kept of an `Idempotency-Key`, to know the same use again. */
export const digestUse = (idempotencyKey: string | undefined): Buffer | undefined =>
  idempotencyKey === undefined
    ? undefined
    : hash('sha256', idempotencyKey, 'buffer').subarray(0, USE_DIGEST_BYTES);

import { hash } from 'node:crypto';

const USE_DIGEST_BYTES = 16;

/** The digest of an `Idempotency-Key`, by which the same use is recognised. */
export const digestUse = (idempotencyKey: string | undefined): Buffer | undefined =>
  idempotencyKey === undefined
    ? undefined
    : hash('sha256', idempotencyKey, 'buffer').subarray(0, USE_DIGEST_BYTES);

/** Whether two uses came with the same `Idempotency-Key`. A use without one is never the same. */
export const isSameUse = (first: Uint8Array | undefined, again: Uint8Array | undefined): boolean =>
  first !== undefined && again !== undefined && Buffer.compare(first, again) === 0;

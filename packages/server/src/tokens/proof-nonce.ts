import { createHmac } from 'node:crypto';
import type { Millis } from '../clock.ts';
import type { KeyRing, SealKey } from './key-ring.ts';

/** For how long every node hands out the same nonce. */
export const NONCE_BUCKET_MS: Millis = 30_000;
const NONCE_BYTES = 18;

/** Of each key, the nonces of the buckets around the present one. */
const known = new WeakMap<Buffer, { readonly bucket: number; readonly nonces: readonly string[] }>();

/** The nonces that a node accepts, in the order of their buckets: those of the previous, the present and the next bucket. */
const noncesOf = ({ nonceKey }: SealKey, bucket: number): readonly string[] => {
  const kept = known.get(nonceKey);
  if (kept?.bucket === bucket) return kept.nonces;
  const nonces = [bucket - 1, bucket, bucket + 1].map((one) =>
    createHmac('sha256', nonceKey).update(String(one)).digest().toString('base64url', 0, NONCE_BYTES),
  );
  known.set(nonceKey, { bucket, nonces });
  return nonces;
};

const PRESENT = 1;

const bucketAt = (nowMs: Millis): number => Math.floor(nowMs / NONCE_BUCKET_MS);

/**
 * The nonce for proofs that are made now. It is derived from a key of the ring and the time, so every node knows it and none
 * stores it. Throws `StoreError` where the ring has no usable key.
 *
 * @see RFC 9449 §8
 */
export const proofNonceAt = (ring: KeyRing, nowMs: Millis): string =>
  noncesOf(ring.seal.active, bucketAt(nowMs))[PRESENT] ?? '';

/** Whether a nonce is that of the present bucket or of one beside it: a node's clock may be a little ahead of another's. */
export const isFreshNonce = (ring: KeyRing, nowMs: Millis, nonce: string): boolean =>
  ring.seal.usable.some((key) => noncesOf(key, bucketAt(nowMs)).includes(nonce));

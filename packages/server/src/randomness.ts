import { randomBytes, randomFillSync } from 'node:crypto';
import { UUID_BYTES, writeUuidV4 } from './uuid-text.ts';

/** Where ids, secrets and jitter come from. Passed in, so that a test or a simulation can repeat a run. */
export type Randomness = {
  bytes(count: number): Buffer;
  /** A version-4 UUID (RFC 9562). */
  uuid(): string;
  /** From 0 up to, not including, 1. */
  fraction(): number;
};

const UUIDS_PER_FILL = 256;

/**
 * UUIDs of version 4 from a buffer of random bytes. Node's own are in twenty pieces of text, and cost several times as much by
 * the time they are in a header.
 */
const createUuids = (): (() => string) => {
  const bytes = Buffer.alloc(UUIDS_PER_FILL * UUID_BYTES);
  let at = bytes.length;
  return () => {
    if (at === bytes.length) {
      randomFillSync(bytes);
      at = 0;
    }
    const uuid = writeUuidV4(bytes, at);
    at += UUID_BYTES;
    return uuid;
  };
};

/** The operating system's randomness. Nothing else may serve real clients: their secrets are made from it. */
export const systemRandomness: Randomness = {
  bytes: randomBytes,
  uuid: createUuids(),
  fraction: Math.random,
};

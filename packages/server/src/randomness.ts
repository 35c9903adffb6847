import { randomBytes, randomFillSync } from 'node:crypto';
import { BLOCK_BYTES } from './tokens/sealer.ts';
import { uuidV4Shape } from './tokens/shape.ts';

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
 * UUIDs of version 4 from a buffer of random bytes. Node's own cost four times as much where they are written to a header: their
 * text is in twenty pieces until then.
 */
const createUuids = (): (() => string) => {
  const bytes = Buffer.alloc(UUIDS_PER_FILL * BLOCK_BYTES);
  let at = bytes.length;
  return () => {
    if (at === bytes.length) {
      randomFillSync(bytes);
      at = 0;
    }
    const uuid = uuidV4Shape.write(bytes, at);
    at += BLOCK_BYTES;
    return uuid;
  };
};

/** The operating system's randomness. Nothing else may serve real clients: their secrets are made from it. */
export const systemRandomness: Randomness = {
  bytes: randomBytes,
  uuid: createUuids(),
  fraction: Math.random,
};

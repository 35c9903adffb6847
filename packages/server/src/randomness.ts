import { randomBytes, randomUUID } from 'node:crypto';

/** Where ids, secrets and jitter come from. Passed in, so that a test or a simulation can repeat a run. */
export type Randomness = {
  bytes(count: number): Buffer;
  /** A version-4 UUID (RFC 9562). */
  uuid(): string;
  /** From 0 up to, not including, 1. */
  fraction(): number;
};

/** The operating system's randomness. Nothing else may serve real clients: their secrets are made from it. */
export const systemRandomness: Randomness = {
  bytes: randomBytes,
  uuid: randomUUID,
  fraction: Math.random,
};

import { toMillis } from '../clock.ts';
import type { Millis } from '../clock.ts';
import type { RingKey } from './key-ring.ts';

/** What a store knows of a key of the ring: enough to notice a ring that did not seal these grants. */
export type RegisteredKey = {
  readonly number: number;
  readonly createdAtMs: Millis;
  readonly fingerprint: string;
};

/** What a store gets to know of a key of the ring. */
export const registrationOf = ({ number, createdAt, fingerprint }: RingKey): RegisteredKey => ({
  number,
  createdAtMs: toMillis(createdAt),
  fingerprint,
});

/** The keys that have sealed tokens of a store. */
export type KeyStore = {
  /** Newest first. */
  listKeys(): Promise<readonly RegisteredKey[]>;
  registerKey(key: RegisteredKey): Promise<void>;
};

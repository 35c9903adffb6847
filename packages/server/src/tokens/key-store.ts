import { toMillis } from '../clock.ts';
import type { RingKey } from './key-ring.ts';
import type { KeyWithdrawal, KeyWithdrawn, RegisteredKey } from './key-state.ts';

/** What a store gets to know of a key of the ring. */
export const registrationOf = ({ number, purpose, createdAt, fingerprint }: RingKey): RegisteredKey => ({
  number,
  purpose,
  createdAtMs: toMillis(createdAt),
  fingerprint,
});

/** The keys that have made tokens of a store. */
export type KeyStore = {
  /** Newest first. */
  listKeys(): Promise<readonly RegisteredKey[]>;
  /** Registers a key with its withdrawal, if it has one. A number that is registered stays as it is. */
  registerKey(key: RegisteredKey): Promise<void>;
  /** Withdraws a key if `judgeWithdrawal` allows it. */
  withdrawKey(number: number, withdrawal: KeyWithdrawal): Promise<KeyWithdrawn>;
  /** How many grants, revoked ones aside, have a current refresh token of each key, by its number. */
  countGrantsByKey(): Promise<ReadonlyMap<number, number>>;
};

import type { Millis } from '../clock.ts';

/** What a ring has a key of each for. A thief of one key has nothing of another purpose. */
export const REQUIRED_PURPOSES = ['seal', 'sign', 'session', 'webhook'] as const;
/** What a key is for: those, and JWTs by RS256 where a client has such. */
export const KEY_PURPOSES = [...REQUIRED_PURPOSES, 'sign-rs256'] as const;
export type KeyPurpose = (typeof KEY_PURPOSES)[number];

/**
 * What an operator decided about a key. `compromised`: somebody else may have it; refresh tokens that it sealed open until
 * `opensUntilMs`, only to be replaced, webhooks are signed with it too until then, and nothing else of it is accepted.
 * `retired`: nothing of it is accepted, for good.
 */
export type KeyWithdrawal =
  | { readonly state: 'compromised'; readonly atMs: Millis; readonly opensUntilMs: Millis }
  | { readonly state: 'retired'; readonly atMs: Millis };

/** What a store knows of a key of the ring: enough to notice another ring, and what was decided about the key. */
export type RegisteredKey = {
  readonly number: number;
  readonly purpose: KeyPurpose;
  readonly createdAtMs: Millis;
  readonly fingerprint: string;
  /** Absent as long as the key is active or only opens. */
  readonly withdrawal?: KeyWithdrawal;
};

/** Where a key is in its life: the newest of its purpose that is not withdrawn is active. */
export type KeyState = 'active' | 'opens-only' | KeyWithdrawal['state'];

/** The state of each of a store's keys, and since when, by number. */
export const statesOf = (
  registered: readonly RegisteredKey[],
): ReadonlyMap<number, { readonly state: KeyState; readonly sinceMs: Millis }> =>
  new Map(
    registered.map((key): [number, { readonly state: KeyState; readonly sinceMs: Millis }] => {
      const { number, withdrawal, createdAtMs } = key;
      if (withdrawal !== undefined) return [number, { state: withdrawal.state, sinceMs: withdrawal.atMs }];
      const successors = registered.filter((one) => isUsableLike(key, one) && one.number > number);
      if (successors.length === 0) return [number, { state: 'active', sinceMs: createdAtMs }];
      return [
        number,
        { state: 'opens-only', sinceMs: Math.min(...successors.map((one) => one.createdAtMs)) },
      ];
    }),
  );

const isUsableLike = (key: RegisteredKey, { purpose, withdrawal }: RegisteredKey): boolean =>
  purpose === key.purpose && withdrawal === undefined;

/** The result of the withdrawal of a key. An active key needs a successor first. */
export type KeyWithdrawn = 'withdrawn' | 'unknown' | 'active' | 'retired_before';

/**
 * Whether a key may be withdrawn, given all keys of a store. A retired key stays as it is; of a compromised one, the end
 * of the window may move.
 */
export const judgeWithdrawal = (registered: readonly RegisteredKey[], number: number): KeyWithdrawn => {
  switch (statesOf(registered).get(number)?.state) {
    case undefined:
      return 'unknown';
    case 'active':
      return 'active';
    case 'retired':
      return 'retired_before';
    case 'opens-only':
    case 'compromised':
      return 'withdrawn';
  }
};

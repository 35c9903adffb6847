import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judgeWithdrawal, statesOf } from './key-state.ts';
import type { KeyPurpose, KeyState, KeyWithdrawal, KeyWithdrawn, RegisteredKey } from './key-state.ts';

const COMPROMISED: KeyWithdrawal = { state: 'compromised', atMs: 500, opensUntilMs: 900 };
const RETIRED: KeyWithdrawal = { state: 'retired', atMs: 600 };

const key = (number: number, withdrawal?: KeyWithdrawal, purpose: KeyPurpose = 'seal'): RegisteredKey => ({
  number,
  purpose,
  createdAtMs: number * 10,
  fingerprint: String(number),
  ...(withdrawal === undefined ? {} : { withdrawal }),
});

type Row = readonly [string, readonly RegisteredKey[], KeyState, number, KeyWithdrawn];

/** What is registered besides, the state of key 2, since when, and what a withdrawal of it answers. */
const ROWS: readonly Row[] = [
  ['the only key of its purpose', [key(2), key(9, undefined, 'sign')], 'active', 20, 'active'],
  ['the newest key', [key(1), key(2)], 'active', 20, 'active'],
  ['a key with a newer one', [key(1), key(2), key(3), key(5)], 'opens-only', 30, 'withdrawn'],
  ['the key before a withdrawn one', [key(2), key(3, COMPROMISED)], 'active', 20, 'active'],
  ['a compromised key', [key(2, COMPROMISED), key(3)], 'compromised', 500, 'withdrawn'],
  ['a retired key', [key(2, RETIRED), key(3)], 'retired', 600, 'retired_before'],
];

for (const [what, registered, state, sinceMs, outcome] of ROWS)
  test(`${what} is ${state}; its withdrawal: ${outcome}`, () => {
    assert.deepEqual(statesOf(registered).get(2), { state, sinceMs });
    assert.equal(judgeWithdrawal(registered, 2), outcome);
  });

test('an unregistered key cannot be withdrawn', () => {
  assert.equal(judgeWithdrawal([key(1), key(2)], 3), 'unknown');
});

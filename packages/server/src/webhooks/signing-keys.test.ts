import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ringOf } from '../tokens/key-ring.cases.ts';
import { createKeyLine, withRegistrations } from '../tokens/key-ring.ts';
import type { KeyWithdrawal } from '../tokens/key-state.ts';
import { registrationOf } from '../tokens/key-store.ts';
import { findLackingKey, signingKeysOf } from './signing-keys.ts';

const LINES = [1, 2, 3].map((number) => createKeyLine(number, 'webhook', 0));
const RING = ringOf(...LINES);
const REGISTERED = RING.keys.map(registrationOf);
const COMPROMISED: KeyWithdrawal = { state: 'compromised', atMs: 100, opensUntilMs: 200 };
const RETIRED: KeyWithdrawal = { state: 'retired', atMs: 100 };

/** The key that was active when the webhook was added, what is withdrawn, the moment, and which keys sign. */
const CASES: readonly (readonly [
  string,
  number,
  Readonly<Record<number, KeyWithdrawal>>,
  number,
  number[],
])[] = [
  ['the active key alone, for a webhook that was added under it', 3, {}, 0, [3]],
  ['every key since the one under which the webhook was added', 1, {}, 0, [3, 2, 1]],
  ['a compromised key too, as long as its window lasts', 1, { 2: COMPROMISED }, 199, [3, 2, 1]],
  ['a compromised key no more, after its window', 1, { 2: COMPROMISED }, 200, [3, 1]],
  ['a retired key no more', 1, { 1: RETIRED, 2: RETIRED }, 100, [3]],
  ['the active key at least, where all later ones are withdrawn', 3, { 3: COMPROMISED }, 300, [2]],
];

for (const [what, keyNumber, withdrawals, nowMs, numbers] of CASES)
  test(`a message is signed by ${what}`, () => {
    const registered = REGISTERED.map((key) => {
      const withdrawal = withdrawals[key.number];
      return withdrawal === undefined ? key : { ...key, withdrawal };
    });
    const signing = signingKeysOf(withRegistrations(RING, registered), { id: 'a', keyNumber }, nowMs);
    assert.deepEqual(
      signing,
      numbers.map((number) => RING.webhook.find(number)?.webhookKey('a')),
    );
  });

test('a message is not sent by a node that lacks a key by which its receiver may verify', () => {
  const [first = '', second = ''] = LINES;
  const old = ringOf(first, second);
  assert.equal(findLackingKey(old, REGISTERED, { keyNumber: 1 }), 3);
  assert.equal(findLackingKey(RING, REGISTERED, { keyNumber: 1 }), undefined);
  const retired = REGISTERED.map((key) => (key.number === 3 ? { ...key, withdrawal: RETIRED } : key));
  assert.equal(findLackingKey(old, retired, { keyNumber: 1 }), undefined);
});

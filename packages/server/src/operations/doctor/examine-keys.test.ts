import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RegisteredKey } from '../../tokens/key-state.ts';
import { examineKeys } from './examine-keys.ts';

const DAY_MS = 86_400_000;
const NOW = { nowMs: 1000 * DAY_MS, doubt: undefined };

const key = (
  number: number,
  purpose: RegisteredKey['purpose'],
  ageDays: number,
  withdrawal?: RegisteredKey['withdrawal'],
): RegisteredKey => ({
  number,
  purpose,
  createdAtMs: NOW.nowMs - ageDays * DAY_MS,
  fingerprint: String(number),
  ...(withdrawal === undefined ? {} : { withdrawal }),
});

test('ages and states of keys are shown, and are well for young keys', () => {
  const keys = [
    key(1, 'seal', 900),
    key(2, 'sign', 400),
    key(3, 'session', 0),
    key(5, 'seal', 3),
    key(4, 'seal', 9, { state: 'retired', atMs: 1 }),
  ];
  assert.deepEqual(
    examineKeys(keys, NOW).map(({ verdict, finding }) => [verdict, finding.en]),
    [
      ['ok', 'seal 5 (3 days), sign 2 (400 days), session 3 (0 days)'],
      ['ok', '1 older keys open only, 1 retired'],
    ],
  );
});

test('an active key that is older than 400 days, and a compromised key, are warnings with a remedy', () => {
  const keys = [
    key(1, 'seal', 401),
    key(2, 'webhook', 9, { state: 'compromised', atMs: 1, opensUntilMs: 2 }),
  ];
  const [age, state] = examineKeys(keys, NOW);
  assert.equal(age?.verdict, 'warn');
  assert.match(age.remedy?.en ?? '', /keyfob keys rotate.*key 1/);
  assert.deepEqual(
    [state?.verdict, state?.finding.en],
    ['warn', 'key 2 compromised, 0 older keys open only, 0 retired'],
  );
  assert.match(state?.remedy?.en ?? '', /keyfob keys retire/);
});

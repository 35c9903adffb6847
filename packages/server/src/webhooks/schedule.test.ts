import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { RETRIED_FOR_MS, scheduleRetry } from './schedule.ts';

const at = (attempts: number, chance = 0.5): number | undefined =>
  scheduleRetry({ attempts, grantEventAtMs: 0, nowMs: 0, chance });

describe('When a delivery is attempted again', () => {
  for (const [attempts, delayMs] of [
    [1, 5000],
    [2, 15_000],
    [3, 45_000],
    [4, 135_000],
    [8, 10_935_000],
    [9, 21_600_000],
    [10, 21_600_000],
    [1000, 21_600_000],
  ] as const) {
    test(`after attempt ${attempts}: in ${delayMs} ms, a fifth less or more by chance`, () => {
      assert.equal(at(attempts), delayMs);
      assert.equal(at(attempts, 0), delayMs * 0.8);
      assert.equal(at(attempts, 1), Math.round(delayMs * 1.2));
    });
  }

  for (const [what, nowMs, expected] of [
    ['to the very end of the three days', RETRIED_FOR_MS - 5000, RETRIED_FOR_MS],
    ['and never after it', RETRIED_FOR_MS - 4999, undefined],
    ['nor of a grant event that was old at the first attempt', RETRIED_FOR_MS * 10, undefined],
  ] as const) {
    test(what, () => {
      assert.equal(scheduleRetry({ attempts: 1, grantEventAtMs: 0, nowMs, chance: 0.5 }), expected);
    });
  }

  test('a receiver that is away for three days is tried some twenty times', () => {
    let nowMs: number | undefined = 0;
    let attempts = 0;
    while (nowMs !== undefined) {
      attempts++;
      nowMs = scheduleRetry({ attempts, grantEventAtMs: 0, nowMs, chance: 0.5 });
    }
    assert.equal(attempts, 20);
  });
});

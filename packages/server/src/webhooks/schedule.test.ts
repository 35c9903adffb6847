import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { RETRIED_FOR_MS, scheduleRetry } from './schedule.ts';

const at = (attempts: number, chance = 0.5): number | undefined =>
  scheduleRetry({ attempts, grantEventAtMs: 0, nowMs: 0, chance });

describe('The next attempt of a delivery', () => {
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
    test(`after attempt ${attempts} comes ${delayMs} ms later, up to a fifth more or less`, () => {
      assert.equal(at(attempts), delayMs);
      assert.equal(at(attempts, 0), delayMs * 0.8);
      assert.equal(at(attempts, 1), Math.round(delayMs * 1.2));
    });
  }

  for (const [what, nowMs, expected] of [
    ['is made until three days are over', RETRIED_FOR_MS - 5000, RETRIED_FOR_MS],
    ['is not made later than that', RETRIED_FOR_MS - 4999, undefined],
    ['is not made for a grant event that was too old at the first attempt', RETRIED_FOR_MS * 10, undefined],
  ] as const) {
    test(what, () => {
      assert.equal(scheduleRetry({ attempts: 1, grantEventAtMs: 0, nowMs, chance: 0.5 }), expected);
    });
  }

  test('a receiver that is down for three days gets twenty attempts', () => {
    let nowMs: number | undefined = 0;
    let attempts = 0;
    while (nowMs !== undefined) {
      attempts++;
      nowMs = scheduleRetry({ attempts, grantEventAtMs: 0, nowMs, chance: 0.5 });
    }
    assert.equal(attempts, 20);
  });
});

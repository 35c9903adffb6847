import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ATTEMPTS_MAX, longestWaits, scheduleRetry } from './schedule.ts';

describe('The next attempt of a delivery', () => {
  for (const [attempts, delayMs] of [
    [1, 5000],
    [2, 15_000],
    [3, 45_000],
    [4, 135_000],
    [8, 10_935_000],
    [9, 21_600_000],
    [10, 21_600_000],
    [19, 21_600_000],
  ] as const) {
    test(`after attempt ${attempts} comes ${delayMs} ms later, up to a fifth more or less`, () => {
      assert.equal(scheduleRetry({ attempts, chance: 0.5 }), delayMs);
      assert.equal(scheduleRetry({ attempts, chance: 0 }), delayMs * 0.8);
      assert.equal(scheduleRetry({ attempts, chance: 1 }), Math.round(delayMs * 1.2));
    });
  }

  test('is not made after twenty attempts', () =>
    assert.equal(scheduleRetry({ attempts: ATTEMPTS_MAX, chance: 0.5 }), undefined));

  test('is made within three days of the first one, and the last after more than two and a half', () => {
    let afterMs = 0;
    for (let attempts = 1; attempts < ATTEMPTS_MAX; attempts++)
      afterMs += scheduleRetry({ attempts, chance: 0.5 }) ?? assert.fail('given up');
    const days = afterMs / 86_400_000;
    assert.ok(days > 2.5 && days < 3, `${days} days`);
  });

  test('is awaited no longer than its delay and its jitter, or than a lease', () => {
    const waits = longestWaits(60_000);
    assert.deepEqual(waits.slice(0, 5), [0, 60_000, 60_000, 60_000, 162_000]);
    assert.equal(waits.at(-1), 25_920_000);
  });
});

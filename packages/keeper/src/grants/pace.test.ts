import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { shareOf, slowDown, startSlowly } from './pace.ts';
import type { Pace } from './pace.ts';

const MINUTE_MS = 60_000;

describe('the part of its budget that a client may use', () => {
  const cases: readonly (readonly [string, Pace | undefined, number, number])[] = [
    ['all of it', undefined, 0, 1],
    ['a tenth when a stopped client works again', startSlowly(undefined, 0), 0, 0.1],
    ['a fifth a minute later', startSlowly(undefined, 0), MINUTE_MS, 0.2],
    ['all of it after nine minutes', startSlowly(undefined, 0), 9 * MINUTE_MS, 1],
    ['never more than all', startSlowly(undefined, 0), 90 * MINUTE_MS, 1],
    ['half after one request for less', slowDown(undefined, 0, 0), 0, 0.5],
    ['still half at the end of the pause', slowDown(undefined, 0, MINUTE_MS), MINUTE_MS, 0.5],
    ['more a minute after it', slowDown(undefined, 0, MINUTE_MS), 2 * MINUTE_MS, 0.6],
    ['all of it after a clock was put back by a day', startSlowly(undefined, 0), -1440 * MINUTE_MS, 1],
    ['a quarter after two', slowDown(slowDown(undefined, 0, 0), 0, 0), 0, 0.25],
    [
      'no more than before, when a slow client was stopped',
      startSlowly({ share: 0.05, sinceMs: 0 }, 0),
      0,
      0.05,
    ],
  ];
  for (const [name, pace, nowMs, share] of cases)
    it(name, () => assert.ok(Math.abs(shareOf(pace, nowMs) - share) < 1e-9));

  it('halves with every request for less, and is never nothing', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(10 * MINUTE_MS), { maxLength: 40 }), (waits) => {
        let pace: Pace | undefined;
        let nowMs = 0;
        for (const waitMs of waits) {
          nowMs += waitMs;
          const before = shareOf(pace, nowMs);
          pace = slowDown(pace, nowMs, nowMs);
          const after = shareOf(pace, nowMs);
          assert.ok(after > 0 && after <= 1 && after <= Math.max(before / 2, 1 / 64));
        }
      }),
    );
  });
});

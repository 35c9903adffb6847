import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { endingOf, firstEnding, latestMomentOfAge, leastAgeMs } from './clock.ts';

const DOUBT = { beforeMs: 1000, byMs: 300 };

const AGES = [
  { name: 'a moment before the jump, older than the doubt', atMs: 600, doubt: DOUBT, leastMs: 300 },
  { name: 'a moment before the jump, as old as the doubt', atMs: 900, doubt: DOUBT, leastMs: 200 },
  { name: 'the last moment before the jump', atMs: 999, doubt: DOUBT, leastMs: 200 },
  {
    name: 'a moment before a doubt that goes on',
    atMs: 999,
    doubt: { beforeMs: Infinity, byMs: 300 },
    leastMs: 0,
  },
  { name: 'the moment of the jump', atMs: 1000, doubt: DOUBT, leastMs: 200 },
  { name: 'a moment in the future', atMs: 1300, doubt: DOUBT, leastMs: 0 },
  { name: 'a moment that nothing puts in doubt', atMs: 600, doubt: undefined, leastMs: 600 },
];

for (const { name, atMs, doubt, leastMs } of AGES)
  test(`the least age of ${name} is ${leastMs} ms`, () =>
    assert.equal(leastAgeMs(atMs, { nowMs: 1200, doubt }), leastMs));

test('a moment is at least so long ago if, and only if, it is no later than the latest moment of that age', () => {
  const moment = fc.integer({ min: -100, max: 100 });
  const doubts = fc.option(fc.record({ beforeMs: moment, byMs: fc.nat({ max: 50 }) }), { nil: undefined });
  fc.assert(
    fc.property(moment, moment, fc.integer({ min: 1, max: 100 }), doubts, (atMs, nowMs, ageMs, doubt) => {
      fc.pre(doubt === undefined || doubt.beforeMs <= nowMs);
      const now = { nowMs, doubt };
      assert.equal(leastAgeMs(atMs, now) >= ageMs, atMs <= latestMomentOfAge(ageMs, now));
    }),
    { numRuns: 2000 },
  );
});

/** A clock that jumped an hour forward a minute ago, and one that did not. */
const JUMPED = { beforeMs: 7_140_000, byMs: 3_600_000 };

const ENDINGS = [
  { name: 'that ends in a second', from: 6601, doubt: undefined, ending: 'running' },
  { name: 'that ends now', from: 6600, doubt: undefined, ending: 'over' },
  { name: 'that only the jump ended', from: 6600, doubt: JUMPED, ending: 'in_doubt' },
  { name: 'that may have ended by any clock', from: 3001, doubt: JUMPED, ending: 'in_doubt' },
  { name: 'that ended by the slower clock too', from: 3000, doubt: JUMPED, ending: 'over' },
  { name: 'that began after the jump', from: 7140, doubt: JUMPED, ending: 'running' },
] as const;

for (const { name, from, doubt, ending } of ENDINGS)
  test(`a lifetime of ten minutes ${name} is ${ending}`, () =>
    assert.equal(endingOf(from, 600, { nowMs: 7_200_000, doubt }), ending));

test('a lifetime that began before the jump is over when the jump is as old', () =>
  assert.equal(endingOf(7139, 60, { nowMs: 7_200_000, doubt: JUMPED }), 'over'));

test('of several lifetimes, the first that is over counts', () => {
  assert.equal(firstEnding('running', 'in_doubt', 'over'), 'over');
  assert.equal(firstEnding('running', 'in_doubt'), 'in_doubt');
  assert.equal(firstEnding('running'), 'running');
});

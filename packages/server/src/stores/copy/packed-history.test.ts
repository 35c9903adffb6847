import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { OVERLAP_MAX_SECONDS } from '../../clients/policy.ts';
import { ROTATIONS_MAX, UNKNOWN } from '../../grants/rotation-history.ts';
import { codeBetween, GAP_CODE_MAX, GAP_UNITS, gapOf, packHistory, unpackHistory } from './packed-history.ts';

const NOW_MS = 1_750_086_400_000;
const HOURS = 3_600_000;
const DAYS = 24 * HOURS;
const SECONDS_FROM_MS = GAP_UNITS[1].fromMs;
const MINUTES_FROM_MS = GAP_UNITS[2].fromMs;

/** Gaps that fit, and rotations whose moment is unknown; the newest is known. */
const histories = fc
  .array(fc.oneof(fc.integer({ min: 0, max: HOURS }), fc.constant('unknown' as const)), {
    maxLength: ROTATIONS_MAX - 1,
  })
  .map((gaps) => {
    let atMs = NOW_MS;
    const older = gaps.map((gap) => (gap === 'unknown' ? UNKNOWN : (atMs -= gap)));
    return [...older.toReversed(), NOW_MS];
  });

void test('rotations within an hour of each other are stored to the millisecond', () => {
  fc.assert(
    fc.property(histories, (moments) => {
      assert.deepEqual(unpackHistory(packHistory(moments)), moments);
    }),
  );
});

void test('a grant that was never refreshed has no history', () => {
  assert.deepEqual(packHistory([]), { rotatedAtMs: null, earlier: Buffer.alloc(0) });
  assert.deepEqual(unpackHistory(packHistory([])), []);
});

const weekly = (count: number): readonly number[] =>
  Array.from({ length: count }, (_, index) => NOW_MS - (count - 1 - index) * 7 * DAYS);

void test('rotations a week apart are stored a week apart', () => {
  assert.deepEqual(unpackHistory(packHistory(weekly(ROTATIONS_MAX))), weekly(ROTATIONS_MAX));
});

/** Both sides of every unit, and gaps of which a part is cut. */
const GAPS: readonly { gapMs: number; storedMs: number }[] = [
  { gapMs: 0, storedMs: 0 },
  { gapMs: SECONDS_FROM_MS - 1, storedMs: SECONDS_FROM_MS - 1 },
  { gapMs: SECONDS_FROM_MS, storedMs: SECONDS_FROM_MS },
  { gapMs: SECONDS_FROM_MS + 999, storedMs: SECONDS_FROM_MS },
  { gapMs: SECONDS_FROM_MS + 1000, storedMs: SECONDS_FROM_MS + 1000 },
  { gapMs: MINUTES_FROM_MS - 1, storedMs: MINUTES_FROM_MS - 1000 },
  { gapMs: MINUTES_FROM_MS, storedMs: MINUTES_FROM_MS },
  { gapMs: MINUTES_FROM_MS + 59_999, storedMs: MINUTES_FROM_MS },
  { gapMs: MINUTES_FROM_MS + 60_000, storedMs: MINUTES_FROM_MS + 60_000 },
  { gapMs: 100 * 365 * DAYS, storedMs: gapOf(GAP_CODE_MAX) },
];

for (const { gapMs, storedMs } of GAPS)
  void test(`a gap of ${gapMs} ms is stored as ${storedMs} ms`, () => {
    const code = codeBetween(NOW_MS - gapMs, NOW_MS);
    assert.equal(gapOf(code), storedMs);
    assert.equal(codeBetween(NOW_MS - storedMs, NOW_MS), code);
  });

void test('a gap of up to the longest lifetime of a refresh token is cut by less than its unit', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 10 * 365 * DAYS }), (gapMs) => {
      const cutMs = gapMs - gapOf(codeBetween(NOW_MS - gapMs, NOW_MS));
      const unitMs = GAP_UNITS.findLast(({ fromMs }) => fromMs <= gapMs)?.unitMs ?? 0;
      assert.ok(cutMs >= 0 && cutMs < unitMs);
    }),
  );
});

void test('a gap is exact within every overlap and the race after it', () => {
  assert.ok(GAP_UNITS[1].fromMs > 2 * OVERLAP_MAX_SECONDS * 1000);
});

void test('a moment after the next one, which no rotation writes, is stored as the next one', () => {
  assert.deepEqual(unpackHistory(packHistory([NOW_MS + 1, NOW_MS])), [NOW_MS, NOW_MS]);
});

void test('a history has room for as many rotations as are remembered', () => {
  const moments = Array.from({ length: ROTATIONS_MAX }, (_, index) => NOW_MS + index);
  assert.equal(packHistory(moments).earlier.length, (ROTATIONS_MAX - 1) * 3);
  assert.deepEqual(unpackHistory(packHistory(moments)), moments);
});

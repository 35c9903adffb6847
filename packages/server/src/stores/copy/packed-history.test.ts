import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { OVERLAP_MAX_SECONDS } from '../../clients/policy.ts';
import { ROTATIONS_MAX, UNKNOWN } from '../../grants/rotation-history.ts';
import { GAP_MAX_MS, packHistory, unpackHistory } from './packed-history.ts';

const NOW_MS = 1_750_086_400_000;
const HOURS = 3_600_000;

/** Gaps that fit, and rotations whose moment is unknown; the newest is known. */
const histories = fc
  .array(fc.oneof(fc.integer({ min: 0, max: 4 * HOURS }), fc.constant('unknown' as const)), {
    maxLength: ROTATIONS_MAX - 1,
  })
  .map((gaps) => {
    let atMs = NOW_MS;
    const older = gaps.map((gap) => (gap === 'unknown' ? UNKNOWN : (atMs -= gap)));
    return [...older.toReversed(), NOW_MS];
  });

void test('a history is stored to the millisecond', () => {
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

void test('what was before a gap that is too long to store looks younger, and older than any overlap', () => {
  const moments = [NOW_MS - 100 * HOURS, NOW_MS - 99 * HOURS, NOW_MS];
  const unpacked = unpackHistory(packHistory(moments));
  assert.deepEqual(unpacked, [NOW_MS - GAP_MAX_MS - HOURS, NOW_MS - GAP_MAX_MS, NOW_MS]);
  assert.deepEqual(unpackHistory(packHistory(unpacked)), unpacked);
  assert.ok(GAP_MAX_MS > OVERLAP_MAX_SECONDS * 1000);
});

void test('a moment after the next one, which no rotation writes, is stored as the next one', () => {
  assert.deepEqual(unpackHistory(packHistory([NOW_MS + 1, NOW_MS])), [NOW_MS, NOW_MS]);
});

void test('a history has room for as many rotations as are remembered', () => {
  const moments = Array.from({ length: ROTATIONS_MAX }, (_, index) => NOW_MS + index);
  assert.equal(packHistory(moments).earlier.length, (ROTATIONS_MAX - 1) * 3);
  assert.deepEqual(unpackHistory(packHistory(moments)), moments);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { forgetOld, ROTATIONS_MAX, UNKNOWN } from '../../grants/rotation-history.ts';
import { packHistory, unpackHistory } from './packed-history.ts';

const NOW_MS = 1_750_086_400_000;
const HOURS = 3_600_000;

/** Gaps that fit, in either direction, and rotations whose moment is unknown; the newest is known. */
const histories = fc
  .array(fc.oneof(fc.integer({ min: -2 * HOURS, max: 2 * HOURS }), fc.constant('unknown' as const)), {
    maxLength: ROTATIONS_MAX - 1,
  })
  .map((gaps) => {
    let atMs = NOW_MS;
    const older = gaps.map((gap) => (gap === 'unknown' ? UNKNOWN : (atMs -= gap)));
    return [...older.toReversed(), NOW_MS];
  });

void test('a history is stored to the millisecond, as far back as it matters', () => {
  fc.assert(
    fc.property(histories, (moments) => {
      assert.deepEqual(unpackHistory(packHistory(moments)), forgetOld(moments));
    }),
  );
});

void test('a grant that was never refreshed has no history', () => {
  assert.deepEqual(packHistory([]), { rotatedAtMs: null, earlier: Buffer.alloc(0) });
  assert.deepEqual(unpackHistory(packHistory([])), []);
});

void test('a gap that is too long to store makes all before it long ago', () => {
  const moments = [NOW_MS - 4 * HOURS, NOW_MS - 3 * HOURS, NOW_MS];
  const packed = packHistory(moments);
  assert.equal(packed.rotatedAtMs, NOW_MS);
  for (const atMs of unpackHistory(packed).slice(0, -1)) assert.ok(atMs < NOW_MS - 2 * HOURS);
});

void test('a history has room for as many rotations as are remembered', () => {
  const moments = Array.from({ length: ROTATIONS_MAX }, (_, index) => NOW_MS + index);
  assert.equal(packHistory(moments).earlier.length, (ROTATIONS_MAX - 1) * 3);
  assert.deepEqual(unpackHistory(packHistory(moments)), moments);
});

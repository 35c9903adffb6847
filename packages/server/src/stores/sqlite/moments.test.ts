import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { ROTATIONS_MAX } from '../../grants/rotation-history.ts';
import { packMoments, unpackMoments } from './moments.ts';

const NOW_MS = 1_750_000_000_000;
const HOURS_2_MS = 2 * 3_600_000;

void test('a grant never refreshed has no moments', () => {
  assert.equal(packMoments([]), null);
  assert.deepEqual(unpackMoments(null), []);
});

void test('moments within two hours of each other, in order or not, known or not, are kept to the millisecond', () => {
  const gaps = fc.array(fc.option(fc.integer({ min: -HOURS_2_MS, max: HOURS_2_MS })), {
    maxLength: ROTATIONS_MAX - 1,
  });
  fc.assert(
    fc.property(gaps, (list) => {
      const moments = [NOW_MS];
      let next = NOW_MS;
      for (const gap of list) {
        if (gap !== null) next -= gap;
        moments.unshift(gap === null ? 0 : next);
      }
      assert.deepEqual(unpackMoments(packMoments(moments)), moments);
    }),
  );
});

void test('a longer gap, either way, stays longer than any overlap', () => {
  for (const earlier of [1, NOW_MS - 3 * HOURS_2_MS, NOW_MS + 3 * HOURS_2_MS, 2 ** 48 - 1]) {
    const [kept = 0, newest] = unpackMoments(packMoments([earlier, NOW_MS]));
    assert.equal(newest, NOW_MS);
    assert.equal(Math.sign(newest - kept), Math.sign(NOW_MS - earlier));
    assert.ok(Math.abs(newest - kept) > HOURS_2_MS);
    assert.deepEqual(unpackMoments(packMoments([kept, newest])), [kept, newest]);
  }
});

void test('what was used long ago stays long ago for a clock that is set back by any time', () => {
  const [older = 0, kept = 0] = unpackMoments(
    packMoments([NOW_MS - 30 * HOURS_2_MS, NOW_MS - 12 * HOURS_2_MS, NOW_MS]),
  );
  assert.ok(older > 0 && older < NOW_MS / 2);
  assert.ok(kept > 0 && kept < NOW_MS / 2);
});

void test('every history takes the same number of bytes', () => {
  const one = packMoments([NOW_MS])?.length;
  assert.equal(packMoments(Array.from({ length: ROTATIONS_MAX }, (_, index) => NOW_MS + index))?.length, one);
});

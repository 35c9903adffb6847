import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { StoreError } from '../../errors.ts';
import { ROTATIONS_MAX } from '../../grants/rotation-history.ts';
import { packRotations, unpackRotations } from './packed-rotations.ts';

const NOW_MS = 1_750_000_000_000;
const HOURS_2_MS = 2 * 3_600_000;

void test('a grant that was never refreshed has no history', () => {
  assert.equal(packRotations([]), null);
  assert.deepEqual(unpackRotations(null), []);
});

void test('moments within two hours of each other are stored to the millisecond, in order or not, known or not', () => {
  const gaps = fc.array(fc.option(fc.integer({ min: -HOURS_2_MS, max: HOURS_2_MS })), {
    maxLength: ROTATIONS_MAX - 1,
  });
  fc.assert(
    fc.property(gaps, (list) => {
      const history = [NOW_MS];
      let next = NOW_MS;
      for (const gap of list) {
        if (gap !== null) next -= gap;
        history.unshift(gap === null ? 0 : next);
      }
      assert.deepEqual(unpackRotations(packRotations(history)), history);
    }),
  );
});

void test('a longer gap, in either direction, stays longer than any overlap', () => {
  for (const earlier of [1, NOW_MS - 3 * HOURS_2_MS, NOW_MS + 3 * HOURS_2_MS, 2 ** 48 - 1]) {
    const [kept = 0, newest] = unpackRotations(packRotations([earlier, NOW_MS]));
    assert.equal(newest, NOW_MS);
    assert.equal(Math.sign(newest - kept), Math.sign(NOW_MS - earlier));
    assert.ok(Math.abs(newest - kept) > HOURS_2_MS);
    assert.deepEqual(unpackRotations(packRotations([kept, newest])), [kept, newest]);
  }
});

void test('what was used long ago stays long ago for a clock that is set back by any time', () => {
  const [older = 0, kept = 0] = unpackRotations(
    packRotations([NOW_MS - 30 * HOURS_2_MS, NOW_MS - 12 * HOURS_2_MS, NOW_MS]),
  );
  assert.ok(older > 0 && older < NOW_MS / 2);
  assert.ok(kept > 0 && kept < NOW_MS / 2);
});

void test('a value of another size is damage, not a history', () => {
  assert.throws(() => unpackRotations(new Uint8Array(6)), StoreError);
});

void test('every history takes the same number of bytes', () => {
  const one = packRotations([NOW_MS])?.length;
  assert.equal(
    packRotations(Array.from({ length: ROTATIONS_MAX }, (_, index) => NOW_MS + index))?.length,
    one,
  );
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { StoreError } from '../../errors.ts';
import { ROTATIONS_MAX } from '../../grants/rotation-history.ts';
import { packHistory, unpackHistory } from '../copy/packed-history.ts';
import { packRotations, unpackRotations } from './packed-rotations.ts';

const NOW_MS = 1_750_000_000_000;

void test('a grant that was never refreshed has no history', () => {
  assert.equal(packRotations([]), null);
  assert.deepEqual(unpackRotations(null), []);
});

void test('a history is stored as in a copy', () => {
  const gaps = fc.array(fc.option(fc.integer({ min: 0, max: 6 * 3_600_000 })), {
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
      const unpacked = unpackRotations(packRotations(history));
      assert.deepEqual(unpacked, unpackHistory(packHistory(history)));
      assert.deepEqual(unpackRotations(packRotations(unpacked)), unpacked);
    }),
  );
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

import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { StoreError } from '../../errors.ts';
import { rememberRotation, ROTATIONS_MAX, UNKNOWN } from '../../grants/rotation-history.ts';
import { packHistory, unpackHistory } from '../copy/packed-history.ts';
import { connect } from './connect.ts';
import { packNewest, packRotations, prependRotation, unpackRotations } from './packed-rotations.ts';

const NOW_MS = 1_750_000_000_000;

/** A history that ends at `NOW_MS`, from the gaps before it; `null` for a moment that is not known. */
const historyOf = (gaps: readonly (number | null)[]): readonly number[] => {
  const history = [NOW_MS];
  let next = NOW_MS;
  for (const gap of gaps) {
    if (gap !== null) next -= gap;
    history.unshift(gap === null ? 0 : next);
  }
  return history;
};

void test('a grant that was never refreshed has no history', () => {
  assert.equal(packRotations([]), null);
  assert.deepEqual(unpackRotations(null), []);
});

void test('a history is stored as in a copy', () => {
  const gaps = fc.array(fc.option(fc.integer({ min: 0, max: 200 * 86_400_000 })), {
    maxLength: ROTATIONS_MAX - 1,
  });
  fc.assert(
    fc.property(gaps, (list) => {
      const history = historyOf(list);
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

void test('a statement adds a rotation to the bytes of a history as if it had been read', () => {
  const database = connect(':memory:');
  const statement = database.prepare(
    `SELECT ${prependRotation('history', '?')} AS bytes FROM (SELECT ? AS history)`,
  );
  const gaps = fc.array(fc.option(fc.integer({ min: 0, max: 200 * 86_400_000 })), {
    maxLength: ROTATIONS_MAX - 1,
  });
  fc.assert(
    fc.property(gaps, fc.integer({ min: -1000, max: 200 * 86_400_000 }), (list, stepMs) => {
      const history = historyOf(list);
      const before = packRotations(history);
      const after = rememberRotation(history, NOW_MS + stepMs);
      const bytes = packNewest(after.at(-1) ?? UNKNOWN, NOW_MS);
      assert.deepEqual(statement.get(bytes, before)?.['bytes'], Uint8Array.from(packRotations(after) ?? []));
    }),
  );
  database.close();
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { readGrantId, writeGrantId } from './grant-id.ts';

const WRITTEN: readonly (readonly [bigint, string])[] = [
  [0n, '0000000000000000'],
  [1n, '0000000000000001'],
  [-1n, 'ffffffffffffffff'],
  [0x0123_4567_89ab_cdefn, '0123456789abcdef'],
  [2n ** 63n - 1n, '7fffffffffffffff'],
  [-(2n ** 63n), '8000000000000000'],
];

for (const [id, text] of WRITTEN) {
  void test(`the grant id ${id} is written ${text} and reads back`, () => {
    assert.equal(writeGrantId(id), text);
    assert.equal(readGrantId(text), id);
    assert.equal(readGrantId(text.toUpperCase()), id);
  });
}

void test('every grant id reads back as it was written, negative ones too', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (id) => {
      const text = writeGrantId(id);
      assert.match(text, /^[0-9a-f]{16}$/);
      assert.equal(readGrantId(text), id);
    }),
  );
});

const NO_IDS = [
  '',
  '0',
  '123456789abcdef',
  '00123456789abcdef',
  '0123456789abcdeg',
  '0x23456789abcdef',
  ' 123456789abcdef',
  '0123456789abcdef\n',
  '-123456789abcdef',
  '０123456789abcdef',
];

for (const text of NO_IDS) {
  void test(`${JSON.stringify(text)} is not a grant id`, () => {
    assert.equal(readGrantId(text), undefined);
  });
}

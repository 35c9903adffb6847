import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readGrantId, writeGrantId } from './grant-id.ts';

test('a grant id reads back as it was written, negative ids too', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (id) => {
      const text = writeGrantId(id);
      assert.match(text, /^[0-9a-f]{16}$/);
      assert.equal(readGrantId(text), id);
      assert.equal(readGrantId(text.toUpperCase()), id);
    }),
  );
});

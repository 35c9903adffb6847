import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { digestUse, isSameUse } from './use-digest.ts';

const keys = fc.string({
  minLength: 1,
  maxLength: 255,
  unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
});

void test('without an Idempotency-Key there is no digest', () => {
  assert.equal(digestUse(undefined), undefined);
});

void test('the digest of an Idempotency-Key is the first 16 bytes of its SHA-256, the same each time', () => {
  fc.assert(
    fc.property(keys, (key) => {
      const digest = digestUse(key);
      assert.equal(digest?.toString('hex'), hash('sha256', key).slice(0, 32));
      assert.deepEqual(digestUse(key), digest);
    }),
  );
});

void test('two keys that differ in a letter, its case or their length are two uses', () => {
  const texts = ['a', 'A', 'a ', 'aa', 'b', '', `${'x'.repeat(254)}y`, 'x'.repeat(255)];
  const digests = texts.map((text) => digestUse(text)?.toString('hex'));
  assert.equal(new Set(digests).size, texts.length);
});

void test('two uses are the same only where both came with the same key', () => {
  assert.equal(isSameUse(digestUse('a'), digestUse('a')), true);
  assert.equal(isSameUse(digestUse('a'), digestUse('b')), false);
  assert.equal(isSameUse(digestUse('a'), undefined), false);
  assert.equal(isSameUse(undefined, digestUse('a')), false);
  assert.equal(isSameUse(undefined, undefined), false);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { memoize } from './memoize.ts';

const counted = () => {
  let calls = 0;
  const spell = memoize((text) => {
    calls++;
    if (text === '') throw new RangeError('nothing to spell');
    return Array.from(text);
  });
  return { spell, calls: () => calls };
};

test('the result of a text is computed once and returned again', () => {
  const { spell, calls } = counted();
  assert.equal(spell('abc'), spell('abc'));
  assert.deepEqual(spell('abcd'), ['a', 'b', 'c', 'd']);
  assert.equal(calls(), 2);
});

test('of very many texts the newest are kept', () => {
  const { spell, calls } = counted();
  for (let index = 0; index < 10_000; index++) spell(`text ${index}`);
  assert.equal(calls(), 10_000);
  spell('text 9999');
  assert.equal(calls(), 10_000);
  spell('text 0');
  assert.equal(calls(), 10_001);
});

test('a text in use is kept, however many others there are', () => {
  const { spell, calls } = counted();
  for (let index = 0; index < 10_000; index++) {
    spell(`text ${index}`);
    spell('mine');
  }
  assert.equal(calls(), 10_001);
});

test('a text that is too long, or whose computation throws, is computed again each time', () => {
  const { spell, calls } = counted();
  for (let time = 0; time < 2; time++) {
    spell('a'.repeat(513));
    assert.throws(() => spell(''), RangeError);
  }
  assert.equal(calls(), 4);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { remember } from './memoize.ts';

const counted = () => {
  let calls = 0;
  const spell = remember((text) => {
    calls++;
    if (text === '') throw new RangeError('nothing to spell');
    return Array.from(text);
  });
  return { spell, calls: () => calls };
};

test('a text is worked out once, and the very same answer given again', () => {
  const { spell, calls } = counted();
  assert.equal(spell('abc'), spell('abc'));
  assert.deepEqual(spell('abcd'), ['a', 'b', 'c', 'd']);
  assert.equal(calls(), 2);
});

test('of very many texts the newest are remembered', () => {
  const { spell, calls } = counted();
  for (let index = 0; index < 10_000; index++) spell(`text ${index}`);
  assert.equal(calls(), 10_000);
  spell('text 9999');
  assert.equal(calls(), 10_000);
  spell('text 0');
  assert.equal(calls(), 10_001);
});

test('a text in use stays remembered however many others come by', () => {
  const { spell, calls } = counted();
  for (let index = 0; index < 10_000; index++) {
    spell(`text ${index}`);
    spell('mine');
  }
  assert.equal(calls(), 10_001);
});

test('a text that is too long, or has no answer, is worked out anew each time', () => {
  const { spell, calls } = counted();
  for (let time = 0; time < 2; time++) {
    spell('a'.repeat(513));
    assert.throws(() => spell(''), RangeError);
  }
  assert.equal(calls(), 4);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createBeats } from './beats.ts';

test('a beat is decided once every use that began in it or before it has ended', () => {
  const beats = createBeats();
  assert.equal(beats.newest(), 0);
  const [endFirst, endSecond] = [beats.begin(), beats.begin()];
  assert.equal(beats.stamp(), 1);
  assert.equal(beats.end(), 0);
  const endThird = beats.begin();
  assert.equal(beats.stamp(), 2);
  endSecond();
  assert.equal(beats.end(), 0);
  endFirst();
  assert.equal(beats.end(), 1);
  endThird();
  assert.equal(beats.end(), 4);
  assert.equal(beats.newest(), 2);
});

test('a use that is stamped in a later beat than it began in holds up both', () => {
  const beats = createBeats();
  const end = beats.begin();
  beats.end();
  assert.equal(beats.stamp(), 2);
  assert.equal(beats.end(), 0);
  end();
  assert.equal(beats.end(), 3);
});

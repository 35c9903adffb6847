import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createBeats } from './epochs.ts';

test('a beat is decided once every use that began in it or before it has ended', () => {
  const beats = createBeats();
  assert.equal(beats.newest(), 0);
  const [first, second] = [beats.begin(), beats.begin()];
  assert.equal(beats.stamp(), 1);
  assert.equal(beats.end(), 0);
  const third = beats.begin();
  assert.equal(beats.stamp(), 2);
  second.end();
  assert.equal(beats.end(), 0);
  first.end();
  assert.equal(beats.end(), 1);
  third.end();
  assert.equal(beats.end(), 4);
  assert.equal(beats.newest(), 2);
  assert.deepEqual([first.beat, third.beat, beats.begin().beat], [1, 2, 5]);
});

test('a use that is stamped in a later beat than it began in holds up both', () => {
  const beats = createBeats();
  const use = beats.begin();
  beats.end();
  assert.equal(beats.stamp(), 2);
  assert.equal(beats.end(), 0);
  use.end();
  assert.equal(beats.end(), 3);
});

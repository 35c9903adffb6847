import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createEpochs } from './epochs.ts';

test('an epoch is over once every use that began in it or before it has ended', () => {
  const epochs = createEpochs();
  assert.equal(epochs.newestStamped(), 0);
  const [first, second] = [epochs.begin(), epochs.begin()];
  assert.equal(epochs.stamp(), 1);
  assert.equal(epochs.advance(), 0);
  const third = epochs.begin();
  assert.equal(epochs.stamp(), 2);
  second.end();
  assert.equal(epochs.advance(), 0);
  first.end();
  assert.equal(epochs.advance(), 1);
  third.end();
  assert.equal(epochs.advance(), 4);
  assert.equal(epochs.newestStamped(), 2);
  assert.deepEqual([first.epoch, third.epoch, epochs.begin().epoch], [1, 2, 5]);
});

test('a use that writes in a later epoch than it began in keeps both open', () => {
  const epochs = createEpochs();
  const use = epochs.begin();
  epochs.advance();
  assert.equal(epochs.stamp(), 2);
  assert.equal(epochs.advance(), 0);
  use.end();
  assert.equal(epochs.advance(), 3);
});

test('a use begins in a later epoch than every stamp before it', () => {
  const epochs = createEpochs();
  const [first, together] = [epochs.begin(), epochs.begin()];
  assert.equal(epochs.stamp(), 1);
  assert.deepEqual([first.epoch, together.epoch, epochs.begin().epoch, epochs.begin().epoch], [1, 1, 2, 2]);
  assert.equal(epochs.stamp(), 2);
  assert.equal(epochs.begin().epoch, 3);
});

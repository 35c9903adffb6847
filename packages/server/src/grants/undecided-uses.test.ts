import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StoreError } from '../errors.ts';
import { createUndecidedUses } from './undecided-uses.ts';

const USE = { grantId: 7n, generation: 3 };
const failWith = (kind: StoreError['kind']) => () => Promise.reject(new StoreError(kind, 'the disk failed'));

test('a use whose commit got no answer is met as a retry, until it has one', async () => {
  const undecided = createUndecidedUses();
  assert.equal(undecided.has(USE), false);
  await assert.rejects(undecided.watch(USE, failWith('outcome_unknown')), StoreError);
  assert.equal(undecided.has(USE), true);
  assert.equal(undecided.has({ ...USE, generation: 2 }), false);
  assert.equal(undecided.has({ ...USE, grantId: 8n }), false);
  assert.equal(await undecided.watch(USE, () => Promise.resolve('refused')), 'refused');
  assert.equal(undecided.has(USE), true);
  undecided.forget(USE);
  assert.equal(undecided.has(USE), false);
});

test('a use that the store did not even begin is no retry: nothing has changed', async () => {
  const undecided = createUndecidedUses();
  await assert.rejects(undecided.watch(USE, failWith('unavailable')), StoreError);
  assert.equal(undecided.has(USE), false);
});

test('a use stays undecided while the store is away', async () => {
  const undecided = createUndecidedUses();
  await assert.rejects(undecided.watch(USE, failWith('outcome_unknown')), StoreError);
  await assert.rejects(undecided.watch(USE, failWith('unavailable')), StoreError);
  assert.equal(undecided.has(USE), true);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StoreError } from '../errors.ts';
import { createUndecidedUses, undecidedUsesOf } from './undecided-uses.ts';

const USE = { grantId: 7n, generation: 3 };
const fail = (kind: StoreError['kind']): StoreError => new StoreError(kind, 'the disk failed');

test('a use whose commit got no answer is met as a retry, until it has one', () => {
  const undecided = createUndecidedUses();
  assert.equal(undecided.has(USE), false);
  undecided.note(USE, fail('outcome_unknown'));
  assert.equal(undecided.has(USE), true);
  assert.equal(undecided.has({ ...USE, generation: 2 }), false);
  assert.equal(undecided.has({ ...USE, grantId: 8n }), false);
  undecided.forget(USE);
  assert.equal(undecided.has(USE), false);
});

test('a use that the store did not even begin does not make its retry a repeat: nothing has changed', () => {
  const undecided = createUndecidedUses();
  undecided.note(USE, fail('unavailable'));
  undecided.note(USE, new Error('a bug'));
  assert.equal(undecided.has(USE), false);
});

test('a use stays undecided while the store is away', () => {
  const undecided = createUndecidedUses();
  undecided.note(USE, fail('outcome_unknown'));
  undecided.note(USE, fail('unavailable'));
  assert.equal(undecided.has(USE), true);
});

test('a use whose tokens could not be issued counts as a retry, until they are', () => {
  const undecided = createUndecidedUses();
  undecided.add(USE);
  assert.equal(undecided.has(USE), true);
  undecided.forget(USE);
  assert.equal(undecided.has(USE), false);
});

test('a use is remembered in front of a store unless the store remembers it itself', () => {
  for (const [store, isRemembered] of [
    [{}, true],
    [{ remembersUnanswered: true }, false],
  ] as const) {
    const undecided = undecidedUsesOf(store);
    undecided.add(USE);
    assert.equal(undecided.has(USE), isRemembered);
  }
});

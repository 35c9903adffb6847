import assert from 'node:assert/strict';
import { test } from 'node:test';
import { follow, give, later } from './eventual.ts';
import type { Eventual } from './eventual.ts';

/** What the waiter of a result gets; it may throw what it gets. */
const outcomeOf = (
  eventual: Eventual<string>,
  { isThrowing = false }: { readonly isThrowing?: boolean } = {},
): Promise<string> =>
  new Promise((resolve) => {
    give(eventual, {
      done(result) {
        if (isThrowing) throw new Error(`thrown: ${result}`);
        resolve(`done: ${result}`);
      },
      fail: (error) => resolve(`failed: ${(error as Error).message}`),
    });
  });

/** The three forms of a result, each new. */
const FORMS: readonly (readonly [string, () => Eventual<string>])[] = [
  ['a result', () => 'one'],
  ['the result of a promise', () => Promise.resolve('one')],
  ['a later result', () => later((done) => queueMicrotask(() => done('one')))],
  ['a later result that is there at once', () => later((done) => done('one'))],
];

for (const [name, make] of FORMS) {
  test(`${name} is given to its waiter`, async () => {
    assert.equal(await outcomeOf(make()), 'done: one');
  });
  test(`${name} can be awaited`, async () => {
    assert.equal(await make(), 'one');
  });
}

for (const [name, make] of FORMS.filter(([one]) => one !== 'a later result')) {
  test(`what the waiter of ${name} throws goes to its own fail`, async () => {
    assert.equal(await outcomeOf(make(), { isThrowing: true }), 'failed: thrown: one');
  });
}

const FAILURES: readonly (readonly [string, () => Eventual<string>])[] = [
  ['a rejected promise', () => Promise.reject(new Error('no'))],
  ['a later result that fails', () => later((_done, fail) => fail(new Error('no')))],
  [
    'a later result that throws',
    () =>
      later(() => {
        throw new Error('no');
      }),
  ],
];

for (const [name, make] of FAILURES) {
  test(`${name} fails its waiter`, async () => {
    assert.equal(await outcomeOf(make()), 'failed: no');
  });
  test(`${name} rejects who awaits it`, async () => {
    await assert.rejects(async () => make(), { message: 'no' });
  });
}

const double = (number: number): number => number * 2;

test('what follows from a result is there at once where the result is', async () => {
  assert.equal(follow(2, double), 4);
  assert.equal(await follow(Promise.resolve(2), double), 4);
});

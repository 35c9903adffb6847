import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { createGroupCommit } from './group-commit.ts';

const ignore = (): void => {};

test('what one unit does after the commit does not keep its neighbours from their results', async (t) => {
  const database = new DatabaseSync(':memory:');
  t.after(() => database.close());
  const batches: number[] = [];
  const commits = createGroupCommit(database, {
    lockTimeoutMs: 1000,
    onCommit: (units) => batches.push(units),
    onBegin: ignore,
    onRollback: ignore,
  });
  const settled = await Promise.allSettled([
    commits.run(() => 'first'),
    commits.run(
      () => 'second',
      () => {
        throw new Error('no key');
      },
    ),
    commits.run(
      () => 'third',
      async () => Promise.reject(new Error('no signature')),
    ),
    commits.run(() => 'fourth', ignore),
  ]);
  assert.deepEqual(
    settled.map((one) => (one.status === 'fulfilled' ? one.value : String(one.reason))),
    ['first', 'Error: no key', 'Error: no signature', 'fourth'],
  );
  assert.deepEqual(batches, [4], 'they share one commit');
});

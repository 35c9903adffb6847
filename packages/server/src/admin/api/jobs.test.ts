import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openSqliteStore } from '../../stores/sqlite/store.ts';
import { createJobs } from './jobs.ts';
import type { Job } from './jobs.ts';

test('A job ends before its next page of grants where its starter may no more.', async (t) => {
  const store = openSqliteStore(':memory:');
  t.after(() => store.close());
  const jobs = createJobs(
    { store, clock: () => 1_750_000_000_000, doubt: () => undefined, emit() {} },
    (error) => {
      throw error;
    },
  );
  const run = async (isAllowed: boolean): Promise<Job> => {
    const { promise, resolve } = Promise.withResolvers<Job>();
    const wanted = { id: String(isAllowed), action: 'revoke', count: 1, filter: {} } as const;
    jobs.start({ ...wanted, isStillAllowed: async () => isAllowed }, async (job) => resolve(job));
    const ended = await promise;
    await jobs.close();
    return ended;
  };
  assert.equal((await run(true)).state, 'finished');
  assert.equal((await run(false)).state, 'stopped');
});

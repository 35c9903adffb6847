import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { startCluster } from '../support/postgres/cluster.ts';
import type { Cluster } from '../support/postgres/cluster.ts';
import { CODE_FAULTS } from './code-world.ts';
import type { Keeping } from './store-backend.ts';
import * as postgres from './postgres-backend.ts';
import { keepInSqlite } from './sqlite-backend.ts';
import { importMutated } from './mutations.ts';
import { FAULTS } from './plan.ts';
import { POSTGRES_MUTATIONS } from './postgres-mutations.ts';
import { simulateCodes } from './simulate-codes.ts';
import { simulate } from './simulate.ts';

/** Short lives in which, taken together, every kind of fault occurs. */
const REFRESHES = { live: simulate, seeds: [37, 42, 94], faults: FAULTS };
const CODES = { live: simulateCodes, seeds: [2, 15, 45, 57], faults: CODE_FAULTS };

/** Lives the seeds in memory and on a real store, and compares what happened, step by step. */
const compare = async ({ keep, close }: Keeping): Promise<void> => {
  for (const { live, seeds, faults } of [REFRESHES, CODES]) {
    const seen = new Set<string>();
    for (const seed of seeds) {
      const [inMemory, onStore]: [string[], string[]] = [[], []];
      const outcome = await live(seed, (line) => void inMemory.push(line));
      assert.deepEqual(await live(seed, (line) => void onStore.push(line), keep), outcome);
      assert.deepEqual(onStore, inMemory, `seed ${seed}`);
      assert.deepEqual(outcome.violations, [], `seed ${seed}`);
      for (const fault of outcome.faults) seen.add(fault);
    }
    assert.deepEqual([...seen].sort(), [...faults].sort());
  }
  await close();
};

void test('a seed lives the same life on SQLite as in memory, under every kind of fault', async () => {
  await compare(await keepInSqlite());
});

const describePostgres = (cluster: Cluster): void => {
  after(() => cluster.remove());

  void test('a seed lives the same life on PostgreSQL as in memory, under every kind of fault', async () => {
    await compare(await postgres.keepInPostgres(cluster, 0));
  });

  void test('nothing breaks while nodes on PostgreSQL go by what they knew of a client a second ago', async () => {
    const { keep, close } = await postgres.keepInPostgres(cluster);
    for (const { live, seeds } of [REFRESHES, CODES])
      for (const seed of seeds.slice(0, 2))
        assert.deepEqual((await live(seed, undefined, keep)).violations, [], `seed ${seed}`);
    await close();
  });

  for (const mutation of POSTGRES_MUTATIONS) {
    void test(`a planted bug in the store on PostgreSQL is found: ${mutation.name}`, async () => {
      const mutated = await importMutated<typeof postgres>(mutation, './postgres-backend.ts');
      const { simulate: simulateMutated } = await importMutated(mutation);
      const { keep, close } = await mutated.keepInPostgres(cluster);
      const { violations } = await simulateMutated(mutation.seed, undefined, keep);
      await close();
      assert.notDeepEqual(violations, [], `seed ${mutation.seed} does not find it`);
    });
  }
};

const started = await startCluster();
if ('reason' in started) test('simulations on PostgreSQL', { skip: started.reason }, () => {});
else describePostgres(started);

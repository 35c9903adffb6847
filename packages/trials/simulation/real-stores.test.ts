import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { startCluster } from '../support/postgres/cluster.ts';
import type { Cluster } from '../support/postgres/cluster.ts';
import { importMutated } from '../support/mutation.ts';
import { POSTGRES_MUTATIONS } from './mutations/postgres.ts';
import { FAULTS } from './plan.ts';
import * as postgres from './postgres-backend.ts';
import { simulate } from './simulate.ts';
import type * as Simulation from './simulate.ts';
import type { StoreBackend } from './simulated-store.ts';
import { openSqliteBackend } from './sqlite-backend.ts';

/** Short simulations that together contain every kind of fault. */
const SEEDS = [187, 340, 835];

/** Runs the seeds in memory and on a real store, and compares every step. */
const compare = async ({ openStore, close }: StoreBackend): Promise<void> => {
  const seen = new Set<string>();
  for (const seed of SEEDS) {
    const [inMemory, onStore]: [string[], string[]] = [[], []];
    const outcome = await simulate(seed, (line) => void inMemory.push(line));
    assert.deepEqual(await simulate(seed, (line) => void onStore.push(line), openStore), outcome);
    assert.deepEqual(onStore, inMemory, `seed ${seed}`);
    assert.deepEqual(outcome.violations, [], `seed ${seed}`);
    for (const fault of outcome.faults) seen.add(fault);
  }
  assert.deepEqual([...seen].sort(), [...FAULTS].sort());
  await close();
};

void test('a seed has the same steps on SQLite as in memory, with every kind of fault', async () => {
  await compare(await openSqliteBackend());
});

const describePostgres = (cluster: Cluster): void => {
  after(() => cluster.remove());

  void test('a seed has the same steps on PostgreSQL as in memory, with every kind of fault', async () => {
    await compare(await postgres.openPostgresBackend(cluster, 0));
  });

  void test('no claim breaks while nodes on PostgreSQL use a copy of a client that is one second old', async () => {
    const { openStore, close } = await postgres.openPostgresBackend(cluster);
    for (const seed of SEEDS)
      assert.deepEqual((await simulate(seed, undefined, openStore)).violations, [], `seed ${seed}`);
    await close();
  });

  for (const mutation of POSTGRES_MUTATIONS) {
    void test(`a planted bug in the store on PostgreSQL is found: ${mutation.name}`, async () => {
      const load = <Module>(file: string) =>
        importMutated<Module>(mutation, new URL(file, import.meta.url).href);
      const mutated = await load<typeof postgres>('postgres-backend.ts');
      const { simulate: simulateMutated } = await load<typeof Simulation>('simulate.ts');
      const { openStore, close } = await mutated.openPostgresBackend(cluster);
      const { violations } = await simulateMutated(mutation.seed, undefined, openStore);
      await close();
      assert.notDeepEqual(violations, [], `seed ${mutation.seed} does not find it`);
    });
  }
};

const started = await startCluster();
if ('reason' in started) test('simulations on PostgreSQL', { skip: started.reason }, () => {});
else describePostgres(started);

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import fc from 'fast-check';
import { decideRefresh } from '@keyfob/server/grants';
import { openSqliteStore } from '@keyfob/server/stores';
import type { Store } from '@keyfob/server/stores';
import { advance, openConnections, openPostgresStore, POOL_LIMITS } from '@keyfob/server/stores/postgres';
import { createMemoryStore } from '../support/memory-store/store.ts';
import { startCluster } from '../support/postgres/cluster.ts';
import type { Cluster } from '../support/postgres/cluster.ts';
import { refreshed, sampleClient } from '../support/samples.ts';
import { clientIdsOf, decisionCase } from './decision-cases.ts';
import type { DecisionCase } from './decision-cases.ts';

const RUNS = 20;
/** Each run judges this number of uses at the same time, so that a store decides them in one batch. */
const CASES_PER_RUN = 60;

let ids = 0n;
/** Cases with new grants for each run. */
const cases: fc.Arbitrary<readonly DecisionCase[]> = fc
  .constant(undefined)
  .chain(() => fc.tuple(...Array.from({ length: CASES_PER_RUN }, () => decisionCase(++ids))));

/** The cases must contain every verdict, so that the property is not vacuous. */
const VERDICTS = ['rotate', 'repeat', 'resync', 'refuse', 'replay'];

const makeGrants = async (store: Store, all: readonly DecisionCase[]): Promise<void> => {
  await Promise.all(
    all.flatMap(({ grant, policy }) =>
      clientIdsOf(grant.id).map((id) => store.createClient(sampleClient({ id, policy }))),
    ),
  );
  await Promise.all(all.map(({ grant }) => store.createGrant(grant)));
};

const everyCase = async (check: (all: readonly DecisionCase[]) => Promise<void>): Promise<void> => {
  const kinds = new Set<string>();
  await fc.assert(
    fc.asyncProperty(cases, async (all) => {
      for (const { grant, use, policy } of all) kinds.add(decideRefresh(grant, use, policy).verdict.kind);
      await check(all);
    }),
    { numRuns: RUNS, endOnFailure: true },
  );
  for (const kind of VERDICTS) assert.ok(kinds.has(kind), `no case is judged ${kind}`);
};

/** Checks that a store returns what `decideRefresh` returns, and stores the same grant. */
const tryStore = async (store: Store): Promise<void> => {
  await everyCase(async (all) => {
    await makeGrants(store, all);
    const results = await Promise.all(all.map(({ use }) => refreshed(store, use)));
    for (const [index, { grant, use, policy }] of all.entries()) {
      const decided = decideRefresh(grant, use, policy);
      assert.deepEqual(results[index], decided);
      assert.deepEqual(await store.readGrant(grant.id), decided.grant);
    }
  });
  await store.close();
};

describe('a store does with a use what decideRefresh decides', () => {
  test('In memory.', () => tryStore(createMemoryStore()));

  test('In SQLite.', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'keyfob-decisions-'));
    await tryStore(openSqliteStore(join(directory, 'keyfob.db')));
    rmSync(directory, { recursive: true, force: true });
  });
});

const cluster = await startCluster();
if ('reason' in cluster)
  test('PostgreSQL does with a use what decideRefresh decides', { skip: cluster.reason }, () => {});
else {
  after(() => cluster.remove());
  describe('PostgreSQL does with a use what decideRefresh decides', () => tryPostgres(cluster));
}

function tryPostgres({ url }: Cluster): void {
  test('The store.', async () => tryStore(await openPostgresStore(url())));

  test('The statement of the fast path advances the grants whose verdict is "rotate", and no others.', async () => {
    const store = await openPostgresStore(url());
    const connections = openConnections(url(), POOL_LIMITS);
    await everyCase(async (all) => {
      await makeGrants(store, all);
      const revisions = new Map(
        (await connections.read('SELECT id, revision FROM clients')).map((row) => [
          String(row['id']),
          Number(row['revision']),
        ]),
      );
      const uses = all.map(({ use, policy }) => {
        const revision = revisions.get(use.presented.clientId) ?? 0;
        return { use, policy, revision };
      });
      const advanced = await advance(connections.write, uses, 1n);
      for (const [index, { grant, use, policy }] of all.entries()) {
        const decided = decideRefresh(grant, use, policy);
        assert.equal(advanced[index] !== undefined, decided.verdict.kind === 'rotate');
        const expected = decided.verdict.kind === 'rotate' ? decided.grant : grant;
        assert.deepEqual(await store.readGrant(grant.id), expected);
      }
    });
    await connections.close();
    await store.close();
  });
}

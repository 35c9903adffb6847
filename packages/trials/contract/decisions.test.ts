import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import fc from 'fast-check';
import { assumesAnswer, changesNothing, decideRefresh, mayLackToken } from '@keyfob/server/grants';
import { openSqliteStore } from '@keyfob/server/stores';
import type { Store } from '@keyfob/server/stores';
import { advance, openConnections, openPostgresStore, POOL_LIMITS } from '@keyfob/server/stores/postgres';
import type { GrantId } from '@keyfob/server/tokens';
import type { NewGrantEvent } from '@keyfob/server/webhooks';
import { createMemoryStore } from '../support/memory-store/store.ts';
import { startCluster } from '../support/postgres/cluster.ts';
import type { Cluster } from '../support/postgres/cluster.ts';
import { PATIENT } from '../support/postgres/patience.ts';
import { currentOf, NOW_MS, refreshed, sampleClient } from '../support/samples.ts';
import { clientIdsOf, decisionCase } from './decision-cases.ts';
import type { DecisionCase } from './decision-cases.ts';

const RUNS = 20;
/** Each case costs several transactions of a server. All verdicts still occur. */
const POSTGRES_RUNS = 8;
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
  // One after the other: each needs a connection, and on a slow machine the last of many would wait too long for one.
  for (const { grant, vehicles } of all) {
    await store.createGrant(grant);
    await store.selectVehicles(grant.id, vehicles, { nowMs: NOW_MS });
  }
};

/** What `decideRefresh` decides about the first use of a grant. */
const decide = ({ grant, vehicles, use, policy }: DecisionCase) =>
  decideRefresh(grant, use, policy, { lastReplayOf: () => undefined, vehiclesOf: () => vehicles });

const everyCase = async (
  check: (all: readonly DecisionCase[]) => Promise<void>,
  numRuns = RUNS,
): Promise<void> => {
  const kinds = new Set<string>();
  await fc.assert(
    fc.asyncProperty(cases, async (all) => {
      for (const one of all) kinds.add(decide(one).result.verdict.kind);
      await check(all);
    }),
    { numRuns, endOnFailure: true },
  );
  for (const kind of VERDICTS) assert.ok(kinds.has(kind), `no case is judged ${kind}`);
};

/** The grant events since the last call of the function that it returns, per grant. */
const followGrantEvents = (store: Store) => {
  let sequence = 0;
  return async (): Promise<ReadonlyMap<GrantId, readonly NewGrantEvent[]>> => {
    const grantEvents = await store.listGrantEvents({ after: sequence, limit: 10 * CASES_PER_RUN });
    sequence = grantEvents.at(-1)?.sequence ?? sequence;
    const stored = grantEvents.map(({ id: _id, sequence: _sequence, ...grantEvent }) => grantEvent);
    return Map.groupBy(stored, ({ grantId }) => grantId);
  };
};

/** Checks that a store does all that `decideRefresh` decides: its answer, the grant after it, the evidence and the events. */
const tryStore = async (store: Store, runs = RUNS): Promise<void> => {
  const readNewEvents = followGrantEvents(store);
  await everyCase(async (all) => {
    await makeGrants(store, all);
    await readNewEvents();
    const results = await Promise.all(all.map(({ use }) => refreshed(store, use)));
    const eventsOf = await readNewEvents();
    for (const [index, one] of all.entries()) {
      const { id } = one.grant;
      const { result, grantEvents } = decide(one);
      const answer = results[index];
      assert.deepEqual(
        { ...answer, grant: currentOf(answer?.grant) },
        { ...result, grant: currentOf(result.grant) },
      );
      assert.deepEqual(await store.readGrant(id), result.grant);
      assert.deepEqual(await store.readReplay(id), result.replay && { ...result.replay, times: 1 });
      assert.deepEqual(eventsOf.get(id) ?? [], grantEvents);
    }
  }, runs);
  await store.close();
};

/** What is decided if our 503 answered the last use of the token, or if not. */
const decideAfter = (one: DecisionCase, isRetryOfOurs: boolean) =>
  decide({ ...one, use: { ...one.use, presented: { ...one.use.presented, isRetryOfOurs } } });

describe('what a store may conclude from a row before it decides', () => {
  test('Whether the last use was answered matters only to a token whose client may lack its successor.', () =>
    everyCase(async (all) => {
      for (const one of all) {
        const retry = decideAfter(one, true);
        const other = decideAfter(one, false);
        if (!mayLackToken(one.grant, one.use.presented)) assert.deepEqual(retry, other);
        if (!assumesAnswer(other.result.verdict))
          assert.equal(retry.result.verdict.kind, other.result.verdict.kind);
      }
    }));

  test('A verdict that needs no lock changes nothing.', () =>
    everyCase(async (all) => {
      for (const one of all) {
        const { result, grantEvents } = decide(one);
        if (!changesNothing(result.verdict)) continue;
        assert.equal(result.grant, one.grant);
        assert.deepEqual([result.replay, grantEvents], [undefined, []]);
      }
    }));
});

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
  test('The store.', async () =>
    tryStore(await openPostgresStore(url(), { limits: PATIENT }), POSTGRES_RUNS));

  test('The statement of the fast path advances the grants whose verdict is "rotate", and no others.', async () => {
    const store = await openPostgresStore(url(), { limits: PATIENT });
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
      for (const [index, one] of all.entries()) {
        const { result } = decide(one);
        // A use that asks for a scope is judged on its row.
        const isRotated = result.verdict.kind === 'rotate' && one.use.presented.scope === undefined;
        assert.equal(advanced[index] !== undefined, isRotated);
        assert.deepEqual(await store.readGrant(one.grant.id), isRotated ? result.grant : one.grant);
      }
    }, POSTGRES_RUNS);
    await connections.close();
    await store.close();
  });
}

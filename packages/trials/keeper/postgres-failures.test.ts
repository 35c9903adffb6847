import assert from 'node:assert/strict';
import { after, describe, it, test } from 'node:test';
import { KeeperError, StoreError, systemClock } from '@keyfob/keeper';
import type { Store } from '@keyfob/keeper/stores';
import { postgresStore } from '@keyfob/keeper/stores/postgres';
import type { PostgresLimits } from '@keyfob/keeper/stores/postgres';
import { startCluster } from '../support/postgres/cluster.ts';
import type { Cluster } from '../support/postgres/cluster.ts';
import { startPooler } from '../support/postgres/pooler.ts';
import { openWireProxy } from '../support/postgres/wire-proxy.ts';
import type { WireProxy } from '../support/postgres/wire-proxy.ts';
import type { Scope } from '../support/test-directory.ts';
import { PATIENT, openStoreFor } from './contract/open-postgres.ts';
import { byGeneration, claimed, exactly, newClaim, newPut, nextPair, settlement } from './contract/rows.ts';

const TITLE = 'a keeper on PostgreSQL, in failures';
/** The statement alone: the level of isolation has the word in it. */
const COMMIT = 'COMMIT\0';
const SHORT = { connectTimeoutMs: 2000, statementTimeoutMs: 1500 };

let databases = 0;
const newDatabase = async (cluster: Cluster): Promise<string> => {
  const name = `keeper_${++databases}`;
  await cluster.createDatabase(name);
  return name;
};

const proxied = async (
  scope: Scope,
  cluster: Cluster,
  { port = cluster.port, limits = SHORT }: { port?: number; limits?: Partial<PostgresLimits> } = {},
): Promise<{ readonly proxy: WireProxy; readonly store: Store; readonly direct: Store }> => {
  const database = await newDatabase(cluster);
  const direct = await openStoreFor(scope, cluster.url(database));
  const proxy = await openWireProxy(port);
  scope.after(() => proxy.close());
  const store = await openStoreFor(scope, cluster.url(database, proxy.port), limits);
  return { proxy, store, direct };
};

const isUnavailable = (error: unknown): boolean =>
  error instanceof StoreError && error.kind === 'unavailable';

const describeFailures = (cluster: Cluster): void => {
  describe(TITLE, () => {
    it('eight processes that start at once make the tables once', async (scope) => {
      const url = cluster.url(await newDatabase(cluster));
      const stores = await Promise.all(Array.from({ length: 8 }, () => openStoreFor(scope, url)));
      const identities = await Promise.all(stores.map((store) => store.identity()));
      assert.equal(new Set(identities.map(({ deploymentId }) => deploymentId)).size, 1);
      assert.deepEqual(identities[0], identities[7]);
    });

    it('a user without the right to create tables works on tables that exist', async (scope) => {
      const database = await newDatabase(cluster);
      const url = cluster.url(database);
      await openStoreFor(scope, url);
      await cluster.ask(
        `CREATE ROLE plain_${databases} LOGIN;
        GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO plain_${databases};`,
        database,
      );
      const plain = url.replace('//keyfob:', `//plain_${databases}:`);
      const store = await openStoreFor(scope, plain);
      const { grant } = await store.put(newPut('car', 't1'));
      await claimed(store, grant);
      assert.equal((await store.identity()).highWater, 1);
      await store.announce(grant.id, { kind: 'recovered' }, 'once');
      const empty = plain.replace(database, await newDatabase(cluster));
      await assert.rejects(postgresStore(empty)(systemClock), (error) => {
        assert.ok(error instanceof KeeperError);
        assert.equal(error.code, 'store_rights_missing');
        assert.ok(!error.message.includes('unused'));
        return true;
      });
    });

    it('an outage is unavailable, nothing is written, and the store comes back by itself', async (scope) => {
      const { proxy, store } = await proxied(scope, cluster);
      const { grant } = await store.put(newPut('car', 't1'));
      proxy.refuse(true);
      await assert.rejects(store.find('car'), isUnavailable);
      await assert.rejects(store.claim(grant.id, exactly(grant), newClaim('me')), isUnavailable);
      await assert.rejects(store.put(newPut('two', 't2')), isUnavailable);
      await assert.rejects(store.takeDue({ client: 'cars', rank: 2, limit: 1, holdMs: 1 }), isUnavailable);
      proxy.refuse(false);
      assert.deepEqual(await store.find('car'), grant);
      assert.equal(await store.find('two'), undefined);
      await claimed(store, grant);
    });

    it('a database that does not answer is unavailable after the time limit', async (scope) => {
      const { proxy, store } = await proxied(scope, cluster);
      const { grant } = await store.put(newPut('car', 't1'));
      proxy.hold(true);
      await assert.rejects(store.find('car'), isUnavailable);
      proxy.hold(false);
      assert.deepEqual(await store.find('car'), grant);
    });

    for (const fault of ['cut_before', 'cut_after', 'hold'] as const)
      it(`a commit whose answer is lost is decided: ${fault}`, async (scope) => {
        const { proxy, store, direct } = await proxied(scope, cluster);
        const { grant } = await store.put(newPut('car', 't1'));
        const isMet = proxy.fail(fault, COMMIT);
        const claim = newClaim('me');
        const row = await store.claim(grant.id, exactly(grant), claim);
        await isMet;
        assert.equal(row?.fence, 1);
        assert.deepEqual(await direct.find('car'), row);
        assert.deepEqual(
          (await direct.attempts(grant.id, 5)).map(({ id }) => id),
          [claim.attempt.id],
        );
      });

    it('a commit is decided behind PgBouncer as well', async (scope) => {
      const pooler = await startPooler(cluster.port);
      if ('reason' in pooler) return scope.skip(pooler.reason);
      scope.after(() => pooler.remove());
      const { proxy, store, direct } = await proxied(scope, cluster, { port: pooler.port });
      let { grant } = await store.put(newPut('car', 't1'));
      for (const fault of ['cut_before', 'cut_after'] as const) {
        const isMet = proxy.fail(fault, COMMIT);
        const voidOwner = grant.lease?.owner ?? '';
        const row = await store.claim(grant.id, exactly(grant), newClaim('me', { voidOwner }));
        await isMet;
        assert.ok(row);
        assert.deepEqual(await direct.find('car'), row);
        grant = row;
      }
      assert.equal((await direct.attempts(grant.id, 5)).length, 2);
    });

    it('a database that is killed in the middle of a commit is asked when it is back', async (scope) => {
      const limits = { connectTimeoutMs: 2000, statementTimeoutMs: 60_000 };
      const { proxy, store, direct } = await proxied(scope, cluster, { limits });
      const { grant } = await store.put(newPut('car', 't1'));
      const isMet = proxy.fail('hold', COMMIT);
      const claim = newClaim('me');
      const claiming = store.claim(grant.id, exactly(grant), claim);
      await isMet;
      await cluster.kill();
      await cluster.start();
      const row = await claiming;
      assert.equal(row?.fence, 1);
      assert.deepEqual(await direct.find('car'), row);
      assert.deepEqual(
        (await direct.attempts(grant.id, 5)).map(({ id }) => id),
        [claim.attempt.id],
      );
    });

    for (const isReused of [false, true])
      it(`a crash takes back the number of a transaction${isReused ? ', and another one gets it' : ''}`, async (scope) => {
        // Nothing but a commit brings the log to disk, so the crash leaves no trace of what is under way.
        await cluster.stop();
        await cluster.start({ wal_writer_delay: '10s' });
        const { proxy, store, direct } = await proxied(scope, cluster, { limits: PATIENT });
        const { grant } = await store.put(newPut('car', 't1'));
        await cluster.ask('CHECKPOINT');
        const isMet = proxy.fail('late', COMMIT);
        const claim = newClaim('me');
        const claiming = store.claim(grant.id, exactly(grant), claim);
        await isMet;
        const [running] = await cluster.ask<{ number: string }>(
          'SELECT backend_xid::text AS number FROM pg_stat_activity WHERE backend_xid IS NOT NULL',
        );
        const number = Number(running?.number);
        proxy.refuse(true);
        await cluster.kill();
        await cluster.start();
        const NEXT = 'SELECT pg_snapshot_xmax(pg_current_snapshot())::text AS number';
        const next = async (): Promise<number> =>
          Number((await cluster.ask<{ number: string }>(NEXT))[0]?.number);
        assert.ok((await next()) <= number, 'the number is in the future again');
        if (isReused) {
          while ((await next()) <= number) await cluster.ask('SELECT pg_current_xact_id()');
          const [status] = await cluster.ask<{ status: string }>(
            `SELECT pg_xact_status('${number}'::xid8) AS status`,
          );
          assert.equal(status?.status, 'committed');
        }
        proxy.refuse(false);
        const row = await claiming;
        assert.equal(row?.fence, 1);
        assert.deepEqual(await direct.find('car'), row);
        assert.deepEqual(
          (await direct.attempts(grant.id, 5)).map(({ id }) => id),
          [claim.attempt.id],
        );
      });

    it('a pair whose commit was cut is stored once', async (scope) => {
      const { proxy, store, direct } = await proxied(scope, cluster);
      const { grant } = await store.put(newPut('car', 't1'));
      const row = await claimed(store, grant);
      const isMet = proxy.fail('cut_after', COMMIT);
      const stored = await store.settle(grant.id, byGeneration(row), settlement({ pair: nextPair('t2') }));
      await isMet;
      assert.deepEqual([stored.isDone, stored.grant?.generation], [true, 2]);
      assert.equal((await direct.identity()).highWater, 2);
    });

    it('a commit that stays undecided says so', async (scope) => {
      const { proxy, store, direct } = await proxied(scope, cluster);
      const { grant } = await store.put(newPut('car', 't1'));
      const isMet = proxy.fail('cut_after', COMMIT);
      const claiming = store.claim(grant.id, exactly(grant), newClaim('me'));
      const rejected = assert.rejects(
        claiming,
        (error) => error instanceof StoreError && error.kind === 'outcome_unknown',
      );
      await isMet;
      proxy.refuse(true);
      await rejected;
      proxy.refuse(false);
      assert.equal((await direct.find('car'))?.fence, 1);
    });

    it('many processes on the same rows do not lock each other out', async (scope) => {
      const database = await newDatabase(cluster);
      const stores = await Promise.all(
        Array.from({ length: 4 }, () => openStoreFor(scope, cluster.url(database))),
      );
      const [first] = stores;
      assert.ok(first);
      const grants = await Promise.all(
        Array.from(
          { length: 12 },
          async (_, car) => (await first.put(newPut(`car-${car}`, `t${car}`))).grant,
        ),
      );
      const due = { atMs: 1000, rank: 1 } as const;
      const work = async (store: Store, index: number): Promise<void> => {
        for (let round = 0; round < 15; round++) {
          const order = index % 2 === 0 ? grants : grants.toReversed();
          const touches = order.map(({ id }) => ({ grantId: id, askedAtMs: round, due }));
          const [grant] = order.slice(round % grants.length);
          assert.ok(grant);
          await Promise.all([
            store.touch(touches),
            store.renew('me', 60_000),
            store.takeDue({ client: 'cars', rank: 1, limit: 5, holdMs: -1 }),
            store.put(newPut(`car-${round % 12}`, `t${(round + 1) % 12}`)),
            refresh(store, grant.id),
            store.prune({
              beforeMs: Date.now(),
              outbox: { beforeMs: 0, eventsMax: 1000 },
              limit: 1000,
            }),
          ]);
        }
      };
      await Promise.all(stores.map(work));
      await Promise.all(stores.map((store) => store.close()));
      // A process of the database counts its deadlocks at its end.
      const ofDatabase = `datname = '${database}'`;
      while ((await cluster.ask(`SELECT 1 FROM pg_stat_activity WHERE ${ofDatabase}`)).length > 0)
        await new Promise((resolve) => void setTimeout(resolve, 20));
      const [counted] = await cluster.ask<{ deadlocks: string }>(
        `SELECT deadlocks FROM pg_stat_database WHERE ${ofDatabase}`,
      );
      assert.equal(Number(counted?.deadlocks), 0);
    });

    it('the same token put at once by many makes one grant', async (scope) => {
      const url = cluster.url(await newDatabase(cluster));
      const stores = await Promise.all(Array.from({ length: 4 }, () => openStoreFor(scope, url)));
      const results = await Promise.all(
        stores.flatMap((store, index) => [
          store.put(newPut('same', 'shared')),
          store.put(newPut(`own-${index}`, 'shared')),
        ]),
      );
      assert.equal(new Set(results.map(({ grant }) => grant.id)).size, 1);
      assert.equal(results.filter(({ status }) => status === 'new').length, 1);
      assert.equal((await stores[0]?.counts())?.connections, 5);
    });
  });
};

/** Claims and settles, if no other process is at it. */
const refresh = async (store: Store, id: string): Promise<void> => {
  const grant = await store.read(id);
  if (grant === undefined) return;
  const row = await store.claim(id, exactly(grant), newClaim('me'));
  if (row !== undefined) await store.settle(id, byGeneration(row), settlement());
};

const cluster = await startCluster();
if ('reason' in cluster) test(TITLE, { skip: cluster.reason }, () => {});
else {
  after(() => cluster.remove());
  describeFailures(cluster);
}

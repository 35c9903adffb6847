import assert from 'node:assert/strict';
import { after, beforeEach, describe, test } from 'node:test';
import { Client } from 'pg';
import { OperatorError, StoreError } from '@keyfob/server/errors';
import type { Store } from '@keyfob/server/stores';
import { openPostgresStore } from '@keyfob/server/stores/postgres';
import {
  CREATED_AT,
  fill,
  NOW_MS,
  refreshed,
  redeemed,
  sampleCode,
  sampleCodeUse,
  sampleGrant,
  sampleUse,
  STRICT_POLICY,
} from '../support/samples.ts';
import { startCluster } from '../support/postgres/cluster.ts';
import type { Cluster } from '../support/postgres/cluster.ts';
import { REFRESH } from './refresh-bytes.ts';
import { openWireProxy } from '../support/postgres/wire-proxy.ts';

const AT = { nowMs: (CREATED_AT + 1) * 1000, cause: 'operator' } as const;

const failsAs =
  (kind: StoreError['kind'], words = '') =>
  (error: unknown): boolean => {
    assert.ok(error instanceof StoreError, String(error));
    assert.equal(error.kind, kind, error.message);
    assert.ok(error.message.includes(words), error.message);
    return true;
  };

const started = await startCluster();
if ('reason' in started)
  test('a store on PostgreSQL when something fails', { skip: started.reason }, () => {});
else {
  after(() => started.remove());
  describe('a store on PostgreSQL when something fails', () => tryFaults(started));
}

function tryFaults(cluster: Cluster): void {
  let store: Store;
  let proxy: Awaited<ReturnType<typeof openWireProxy>>;
  let count = 0;
  let database = '';

  beforeEach(async () => {
    database = `faults_${++count}`;
    await cluster.createDatabase(database);
  });

  /** A strict client with one grant in a fresh database, reached through a proxy. */
  const onStore = (name: string, body: () => Promise<void>, limits: object = {}): void => {
    test(name, async () => {
      proxy = await openWireProxy(cluster.port);
      try {
        store = await openPostgresStore(cluster.url(database, proxy.port), {
          limits,
          // No report to other nodes is counted among the round trips.
          node: { epochMs: 2 ** 30 },
        });
        await fill(store, STRICT_POLICY);
        await body();
        await store.close();
      } finally {
        await proxy.close();
      }
    });
  };
  const generation = async (): Promise<number | undefined> => (await store.readGrant(42n))?.generation;

  onStore(
    'A refresh is one round trip; one that is refused or repeated reads its row in a second.',
    async () => {
      await refreshed(store, sampleUse(0));
      for (const [use, kind, turns] of [
        [sampleUse(1, { nowMs: NOW_MS + 1 }), 'rotate', 1],
        [sampleUse(1, { nowMs: NOW_MS + 2 }), 'refuse', 2],
        [sampleUse(1, { nowMs: NOW_MS + 3, presented: { isRetryOfOurs: true } }), 'repeat', 2],
      ] as const) {
        const before = proxy.turns();
        assert.equal((await refreshed(store, use)).verdict.kind, kind);
        assert.equal(proxy.turns() - before, turns);
      }
    },
  );

  onStore('Refreshes that wait at the same moment share their round trips.', async () => {
    const ids = Array.from({ length: 400 }, (_, index) => BigInt(index + 1000));
    await Promise.all(ids.map((id) => store.createGrant(sampleGrant({ id }))));
    const before = proxy.turns();
    await Promise.all(ids.map((grantId) => refreshed(store, sampleUse(0, { presented: { grantId } }))));
    assert.ok(proxy.turns() - before <= 3, `${proxy.turns() - before} round trips`);
  });

  onStore('A refresh that is cut off on its way is sent again, and the client notices nothing.', async () => {
    void proxy.fail('cut_before', ...REFRESH);
    assert.equal((await refreshed(store, sampleUse(0))).verdict.kind, 'rotate');
    assert.equal(await generation(), 1);
  });

  onStore('A refresh whose answer was cut off takes place once, and is still answered.', async () => {
    void proxy.fail('cut_after', ...REFRESH);
    const { verdict, grant } = await refreshed(store, sampleUse(0));
    assert.deepEqual([verdict, grant?.generation], [{ kind: 'repeat', cause: 'same_use' }, 1]);
    assert.deepEqual(await store.readGrant(42n), grant);
    assert.equal((await refreshed(store, sampleUse(1, { nowMs: NOW_MS + 1 }))).verdict.kind, 'rotate');
  });

  onStore('All refreshes that shared a statement which was cut off are answered, once each.', async () => {
    const ids = Array.from({ length: 50 }, (_, index) => BigInt(index + 1000));
    await Promise.all(ids.map((id) => store.createGrant(sampleGrant({ id }))));
    void proxy.fail('cut_after', ...REFRESH);
    const uses = ids.map((grantId) => refreshed(store, sampleUse(0, { presented: { grantId } })));
    for (const { grant } of await Promise.all(uses)) assert.equal(grant?.generation, 1);
  });

  onStore('A code whose answer was cut off is redeemed once, and still answered.', async () => {
    await store.createCode(sampleCode({ grantId: 7n }));
    void proxy.fail('cut_after', 'COMMIT\0');
    const result = await redeemed(store, sampleCodeUse({ presented: { grantId: 7n } }));
    assert.deepEqual([result.verdict.kind, result.grant?.revocation], ['repeat', undefined]);
  });

  onStore('A refresh that is cut off from an unreachable database has an unknown outcome.', async () => {
    await refreshed(store, sampleUse(0));
    void proxy.fail('hold', ...REFRESH).then(() => proxy.refuse(true));
    await assert.rejects(store.refresh(sampleUse(1, { nowMs: NOW_MS + 1 })), failsAs('outcome_unknown'));
    proxy.refuse(false);
    const retry = sampleUse(1, { nowMs: NOW_MS + 2, presented: { isRetryOfOurs: true } });
    assert.equal((await refreshed(store, retry)).grant?.generation, 2);
  });

  onStore(
    'A transaction that is cut off before its commit is repeated, and the caller notices nothing.',
    async () => {
      for (const fault of ['cut_before', 'cut_after'] as const) {
        void proxy.fail(fault, 'BEGIN');
        assert.equal(await store.revoke(42n, AT), 'revoked');
        assert.equal(await store.reinstate(42n, { nowMs: CREATED_AT * 1000 }), 'reinstated');
      }
      assert.deepEqual(
        (await store.listGrantEvents({ after: 0, limit: 9 })).map(({ kind }) => kind),
        ['grant.revoked', 'grant.reinstated', 'grant.revoked', 'grant.reinstated'],
      );
    },
  );

  onStore('A transaction that is cut off before or after its commit has an unknown outcome.', async () => {
    for (const [fault, isRevoked] of [
      ['cut_before', false],
      ['cut_after', true],
    ] as const) {
      void proxy.fail(fault, 'COMMIT\0');
      await assert.rejects(store.revoke(42n, AT), failsAs('outcome_unknown'));
      assert.equal((await store.readGrant(42n))?.revocation !== undefined, isRevoked);
    }
  });

  onStore('A read succeeds after every connection was cut.', async () => {
    await Promise.all(Array.from({ length: 5 }, generation));
    proxy.cut();
    assert.equal(await generation(), 0);
  });

  onStore(
    'An unreachable database is unavailable at once, and is used again as soon as it is back.',
    async () => {
      proxy.refuse(true);
      await assert.rejects(store.refresh(sampleUse(0)), failsAs('unavailable'));
      await assert.rejects(store.revoke(42n, AT), failsAs('unavailable'));
      await assert.rejects(store.readGrant(42n), failsAs('unavailable'));
      await assert.rejects(store.readClient('client-b'), failsAs('unavailable'));
      proxy.refuse(false);
      assert.equal((await refreshed(store, sampleUse(0))).verdict.kind, 'rotate');
    },
  );

  onStore(
    'A database that does not answer runs into the timeout, and its connection is dropped.',
    async () => {
      void proxy.fail('hold', ...REFRESH);
      await assert.rejects(store.refresh(sampleUse(0)), failsAs('outcome_unknown'));
      void proxy.fail('hold', 'BEGIN');
      assert.equal(await store.revoke(42n, AT), 'revoked');
    },
    { answerTimeoutMs: 400 },
  );

  onStore(
    'A verb is unavailable while every connection is in use, and succeeds once one is free.',
    async () => {
      const met = proxy.fail('hold', ...REFRESH);
      const held = assert.rejects(store.refresh(sampleUse(0)), failsAs('outcome_unknown'));
      await met;
      await assert.rejects(store.readGrant(42n), failsAs('unavailable'));
      await held;
      assert.equal(await generation(), 1);
    },
    { connectionsMax: 1, connectTimeoutMs: 500, answerTimeoutMs: 1500 },
  );

  onStore('A locked row delays no other grant, and is refreshed once it is free.', async () => {
    await store.createGrant(sampleGrant({ id: 43n }));
    const holder = new Client({ connectionString: cluster.url(database) });
    await holder.connect();
    await holder.query('BEGIN; SELECT id FROM grants WHERE id = 42 FOR UPDATE');
    const waiting = refreshed(store, sampleUse(0));
    const free = await refreshed(store, sampleUse(0, { presented: { grantId: 43n } }));
    assert.equal(free.verdict.kind, 'rotate');
    await holder.query('ROLLBACK');
    assert.equal((await waiting).verdict.kind, 'rotate');
    await holder.end();
  });

  onStore(
    'A row that is locked for too long is unavailable.',
    async () => {
      const holder = new Client({ connectionString: cluster.url(database) });
      await holder.connect();
      await holder.query('BEGIN; SELECT id FROM grants WHERE id = 42 FOR UPDATE');
      await assert.rejects(store.refresh(sampleUse(0)), failsAs('unavailable'));
      await holder.end();
      assert.equal((await refreshed(store, sampleUse(0))).verdict.kind, 'rotate');
    },
    { answerTimeoutMs: 300 },
  );

  /** The database answers the next changes of grants with this error, this many times. */
  const failWith = async (state: string, times: number): Promise<void> => {
    await cluster.ask(
      `CREATE SEQUENCE IF NOT EXISTS failures; SELECT setval('failures', 1, false);
      CREATE OR REPLACE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF nextval('failures') <= ${times} THEN RAISE EXCEPTION 'as requested' USING ERRCODE = '${state}'; END IF;
        RETURN NEW; END $$;
      CREATE OR REPLACE TRIGGER fail BEFORE UPDATE ON grants FOR EACH ROW EXECUTE FUNCTION fail()`,
      database,
    );
  };

  onStore('A full disk is unavailable and changes nothing, until there is space.', async () => {
    await failWith('53100', 2);
    await assert.rejects(store.refresh(sampleUse(0)), failsAs('unavailable', 'disk'));
    await assert.rejects(store.revoke(42n, AT), failsAs('unavailable', 'disk'));
    assert.equal((await refreshed(store, sampleUse(0))).verdict.kind, 'rotate');
  });

  for (const [name, state] of [
    ['A serialization failure', '40001'],
    ['A deadlock', '40P01'],
  ] as const) {
    onStore(`${name} is tried again, and the caller notices nothing.`, async () => {
      await failWith(state, 3);
      assert.equal((await refreshed(store, sampleUse(0))).verdict.kind, 'rotate');
      await failWith(state, 3);
      assert.equal(await store.revoke(42n, AT), 'revoked');
      await failWith(state, 99);
      await assert.rejects(store.reinstate(42n, { nowMs: CREATED_AT * 1000 }), failsAs('unavailable'));
    });
  }

  onStore('A damaged row affects its own grant only.', async () => {
    await store.createGrant(sampleGrant({ id: 43n }));
    await cluster.ask(
      "UPDATE grants SET revoked_at = 1, revocation_cause = 'no such cause' WHERE id = 42",
      database,
    );
    const uses = [42n, 43n].map((grantId) => store.refresh(sampleUse(0, { presented: { grantId } })));
    const [bad, good] = await Promise.allSettled(uses);
    assert.equal(bad?.status, 'rejected');
    assert.equal(good?.status, 'fulfilled');
  });

  const setReadOnly = async (value: string): Promise<void> => {
    await cluster.ask(`ALTER DATABASE ${database} SET default_transaction_read_only = ${value}`);
    proxy.cut();
  };

  onStore(
    'A database that became read-only is unavailable, and is used again when it no longer is.',
    async () => {
      await setReadOnly('on');
      await assert.rejects(store.refresh(sampleUse(0)), failsAs('unavailable', 'read-only'));
      await assert.rejects(store.readGrant(42n), failsAs('unavailable', 'read-only'));
      await setReadOnly('off');
      assert.equal((await refreshed(store, sampleUse(0))).verdict.kind, 'rotate');
    },
  );

  for (const [setting, code] of [
    ['synchronous_commit = off', 'store_not_durable'],
    ['default_transaction_read_only = on', 'store_read_only'],
  ] as const) {
    test(`A database with ${setting} is not opened: ${code}.`, async () => {
      await cluster.ask(`ALTER DATABASE ${database} SET ${setting}`);
      await assert.rejects(openPostgresStore(cluster.url(database)), (error: unknown) => {
        assert.ok(error instanceof OperatorError);
        assert.equal(error.code, code);
        return true;
      });
    });
  }
}

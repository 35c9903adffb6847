import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Client } from 'pg';
import { OperatorError } from '@keyfob/server/errors';
import { openPostgresStore } from '@keyfob/server/stores/postgres';
import { CREATED_AT_MS, refreshed, sampleGrant, sampleUse } from '../support/samples.ts';
import { REFRESH } from './refresh-bytes.ts';
import { describeProxiedStore, failsAs, REVOCATION } from './proxied-store.ts';
import type { ProxiedStore } from './proxied-store.ts';

await describeProxiedStore('a store on PostgreSQL whose database fails', ({ cluster, onStore }) => {
  onStore(
    'An unreachable database is unavailable at once, and is used again as soon as it is back.',
    async ({ store, proxy }) => {
      proxy.refuse(true);
      await assert.rejects(async () => store.refresh(sampleUse(0)), failsAs('unavailable'));
      await assert.rejects(store.revoke(42n, REVOCATION), failsAs('unavailable'));
      await assert.rejects(store.readGrant(42n), failsAs('unavailable'));
      await assert.rejects(async () => store.readClient('client-b'), failsAs('unavailable'));
      proxy.refuse(false);
      assert.equal((await refreshed(store, sampleUse(0))).verdict.kind, 'rotate');
    },
  );

  onStore(
    'A database that does not answer runs into the timeout, and its connection is dropped.',
    async ({ store, proxy }) => {
      void proxy.fail('hold', ...REFRESH);
      await assert.rejects(async () => store.refresh(sampleUse(0)), failsAs('outcome_unknown'));
      void proxy.fail('hold', 'BEGIN');
      assert.equal(await store.revoke(42n, REVOCATION), 'revoked');
    },
    { answerTimeoutMs: 400 },
  );

  onStore(
    'A verb is unavailable while every connection is in use, and succeeds once one is free.',
    async ({ store, proxy, readGeneration }) => {
      const met = proxy.fail('hold', ...REFRESH);
      const held = assert.rejects(async () => store.refresh(sampleUse(0)), failsAs('outcome_unknown'));
      await met;
      await assert.rejects(store.readGrant(42n), failsAs('unavailable'));
      await held;
      assert.equal(await readGeneration(), 1);
    },
    { connectionsMax: 1, connectTimeoutMs: 500, answerTimeoutMs: 1500 },
  );

  onStore(
    'A locked row delays no other grant, and is refreshed once it is free.',
    async ({ store, database }) => {
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
    },
  );

  onStore(
    'A row that is locked for too long is unavailable.',
    async ({ store, database }) => {
      const holder = new Client({ connectionString: cluster.url(database) });
      await holder.connect();
      await holder.query('BEGIN; SELECT id FROM grants WHERE id = 42 FOR UPDATE');
      await assert.rejects(async () => store.refresh(sampleUse(0)), failsAs('unavailable'));
      await holder.end();
      assert.equal((await refreshed(store, sampleUse(0))).verdict.kind, 'rotate');
    },
    { answerTimeoutMs: 300 },
  );

  /** The database answers the next changes of grants with this error, this many times. */
  const failWith = async (database: string, state: string, times: number): Promise<void> => {
    await cluster.ask(
      `CREATE SEQUENCE IF NOT EXISTS failures; SELECT setval('failures', 1, false);
      CREATE OR REPLACE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF nextval('failures') <= ${times} THEN RAISE EXCEPTION 'as requested' USING ERRCODE = '${state}'; END IF;
        RETURN NEW; END $$;
      CREATE OR REPLACE TRIGGER fail BEFORE UPDATE ON grants FOR EACH ROW EXECUTE FUNCTION fail()`,
      database,
    );
  };

  onStore(
    'A full disk is unavailable and changes nothing, until there is space.',
    async ({ store, database }) => {
      await failWith(database, '53100', 2);
      await assert.rejects(async () => store.refresh(sampleUse(0)), failsAs('unavailable', 'disk'));
      await assert.rejects(store.revoke(42n, REVOCATION), failsAs('unavailable', 'disk'));
      assert.equal((await refreshed(store, sampleUse(0))).verdict.kind, 'rotate');
    },
  );

  for (const [name, state] of [
    ['A serialization failure', '40001'],
    ['A deadlock', '40P01'],
  ] as const) {
    onStore(`${name} is tried again, and the caller notices nothing.`, async ({ store, database }) => {
      await failWith(database, state, 3);
      assert.equal((await refreshed(store, sampleUse(0))).verdict.kind, 'rotate');
      await failWith(database, state, 3);
      assert.equal(await store.revoke(42n, REVOCATION), 'revoked');
      await failWith(database, state, 99);
      await assert.rejects(store.reinstate(42n, { nowMs: CREATED_AT_MS }), failsAs('unavailable'));
    });
  }

  onStore('A damaged row affects its own grant only.', async ({ store, database }) => {
    await store.createGrant(sampleGrant({ id: 43n }));
    await cluster.ask(
      "UPDATE grants SET revoked_at_ms = 1, revocation_cause = 'no such cause' WHERE id = 42",
      database,
    );
    const uses = [42n, 43n].map((grantId) => store.refresh(sampleUse(0, { presented: { grantId } })));
    const [bad, good] = await Promise.allSettled(uses);
    assert.equal(bad?.status, 'rejected');
    assert.equal(good?.status, 'fulfilled');
  });

  const setReadOnly = async ({ database, proxy }: ProxiedStore, value: string): Promise<void> => {
    await cluster.ask(`ALTER DATABASE ${database} SET default_transaction_read_only = ${value}`);
    proxy.cut();
  };

  onStore(
    'A database that became read-only is unavailable, and is used again when it no longer is.',
    async (opened) => {
      const { store } = opened;
      await setReadOnly(opened, 'on');
      await assert.rejects(async () => store.refresh(sampleUse(0)), failsAs('unavailable', 'read-only'));
      await assert.rejects(store.readGrant(42n), failsAs('unavailable', 'read-only'));
      await setReadOnly(opened, 'off');
      assert.equal((await refreshed(store, sampleUse(0))).verdict.kind, 'rotate');
    },
  );

  for (const [setting, code] of [
    ['synchronous_commit = off', 'store_not_durable'],
    ['default_transaction_read_only = on', 'store_read_only'],
  ] as const) {
    test(`A database with ${setting} is not opened: ${code}.`, async () => {
      const database = `refused_${code}`;
      await cluster.createDatabase(database);
      await cluster.ask(`ALTER DATABASE ${database} SET ${setting}`);
      await assert.rejects(openPostgresStore(cluster.url(database)), (error: unknown) => {
        assert.ok(error instanceof OperatorError);
        assert.equal(error.code, code);
        return true;
      });
    });
  }

  for (const encoding of ['LATIN1', 'SQL_ASCII']) {
    test(`A database with the encoding ${encoding} is not opened: store_not_utf8.`, async () => {
      const database = `refused_${encoding.toLowerCase()}`;
      await cluster.ask(
        `CREATE DATABASE ${database} TEMPLATE template0 ENCODING '${encoding}' LC_COLLATE 'C' LC_CTYPE 'C'`,
      );
      await assert.rejects(openPostgresStore(cluster.url(database)), (error: unknown) => {
        assert.ok(error instanceof OperatorError);
        assert.deepEqual([error.code, error.message.includes(encoding)], ['store_not_utf8', true]);
        assert.match(error.remedy, /ENCODING 'UTF8'/);
        return true;
      });
    });
  }
});

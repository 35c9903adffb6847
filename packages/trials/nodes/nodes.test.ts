import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { OperatorError } from '@keyfob/server/errors';
import { migratePostgresStore, openPostgresStore } from '@keyfob/server/stores/postgres';
import { CREATED_AT_MS, fill, NOW_MS, OVERLAP_POLICY, refreshed } from '../support/samples.ts';
import { sampleSecret, sampleUse, STRICT_POLICY } from '../support/samples.ts';
import { startCluster } from '../support/postgres/cluster.ts';
import type { Cluster } from '../support/postgres/cluster.ts';
import { openWireProxy } from '../support/postgres/wire-proxy.ts';

const started = await startCluster();
if ('reason' in started) test('nodes on one PostgreSQL', { skip: started.reason }, () => {});
else {
  after(() => started.remove());
  describe('nodes on one PostgreSQL', () => tryNodes(started));
}

function tryNodes(cluster: Cluster): void {
  let count = 0;
  const fresh = async (): Promise<string> => {
    const database = `nodes_${++count}`;
    await cluster.createDatabase(database);
    return database;
  };

  test('Three nodes that start at once on an empty database create one store.', async () => {
    const database = await fresh();
    const nodes = await Promise.all([1, 2, 3].map(() => openPostgresStore(cluster.url(database))));
    const steps = await cluster.ask('SELECT number FROM keyfob_schema WHERE number > 0', database);
    assert.equal(steps.length, (await migratePostgresStore(cluster.url(database))).to);
    await fill(nodes[0] as (typeof nodes)[0]);
    assert.equal((await nodes[2]?.readGrant(42n))?.subject, 'owner-1');
    await Promise.all(nodes.map((node) => node.close()));
  });

  test('A newer schema is used as long as it serves this version, and refused when it does not.', async () => {
    const database = await fresh();
    const url = cluster.url(database);
    await migratePostgresStore(url);
    await cluster.ask("INSERT INTO keyfob_schema VALUES (900, '0900-expand', 1, 0)", database);
    await (await openPostgresStore(url)).close();
    await cluster.ask("INSERT INTO keyfob_schema VALUES (901, '0901-contract', 900, 0)", database);
    for (const open of [openPostgresStore, migratePostgresStore])
      await assert.rejects(open(url), (error: unknown) => isOperatorError(error, 'store_newer'));
  });

  test("A database with another program's tables stays as it is.", async () => {
    const database = await fresh();
    await cluster.ask('CREATE TABLE grants (mine text)', database);
    const opening = openPostgresStore(cluster.url(database));
    await assert.rejects(opening, (error: unknown) => isOperatorError(error, 'store_foreign'));
    const tables = await cluster.ask("SELECT 1 FROM pg_tables WHERE tablename = 'clients'", database);
    assert.deepEqual(tables, []);
  });

  test('No error on opening a store shows the password.', async () => {
    const url = cluster.url('no_such_database').replace('unused', 'hunter2');
    await assert.rejects(openPostgresStore(url), (error: unknown) => {
      assert.ok(isOperatorError(error, 'store_database_missing'));
      assert.doesNotMatch(`${String(error)} ${(error as OperatorError).remedy}`, /hunter2/);
      return true;
    });
  });

  test('A token that is presented to three nodes at once gets one successor.', async () => {
    const url = cluster.url(await fresh());
    const nodes = await Promise.all([1, 2, 3].map(() => openPostgresStore(url)));
    await fill(nodes[0] as (typeof nodes)[0]);
    for (let generation = 0; generation < 10; generation++) {
      const use = sampleUse(generation, { nowMs: NOW_MS + generation });
      const results = await Promise.all(nodes.map((node) => refreshed(node, use)));
      assert.deepEqual(results.map(({ verdict }) => verdict.kind).sort(), ['repeat', 'repeat', 'rotate']);
      for (const { grant } of results) assert.equal(grant?.generation, generation + 1);
    }
    await Promise.all(nodes.map((node) => node.close()));
  });

  test('A node sees a change of clients and keys by another node within a second, and a refresh sees it at once.', async () => {
    const url = cluster.url(await fresh());
    let clock = 0;
    const one = await openPostgresStore(url);
    const other = await openPostgresStore(url, { now: () => clock });
    await fill(one);
    const read = async () => (await other.readClient('client-a')).client;
    const changes = [
      () => one.addSecret('client-a', sampleSecret('new')),
      () => one.removeSecret('client-a', 'new'),
      () => one.changeClient('client-a', { policy: STRICT_POLICY }),
      () => one.changeClient('client-a', { disabledAtMs: CREATED_AT_MS }),
    ];
    for (const change of changes) {
      const before = await read();
      await change();
      clock += 999;
      assert.deepEqual(await read(), before);
      clock += 1;
      assert.deepEqual(await read(), (await one.readClient('client-a')).client);
    }
    await one.registerKey({
      number: 7,
      purpose: 'seal',
      createdAtMs: CREATED_AT_MS,
      fingerprint: 'f'.repeat(32),
    });
    clock += 1000;
    assert.equal((await other.readClient('client-a')).keys[0]?.number, 7);
    await one.changeClient('client-a', { disabledAtMs: null });
    assert.equal((await refreshed(other, sampleUse(0))).verdict.kind, 'rotate');
    await one.changeClient('client-a', { policy: OVERLAP_POLICY });
    assert.equal((await refreshed(other, sampleUse(0))).verdict.kind, 'repeat');
    await one.changeClient('client-a', { disabledAtMs: CREATED_AT_MS });
    assert.equal(await other.refresh(sampleUse(1)), 'client_gone');
    await Promise.all([one.close(), other.close()]);
  });

  test('A client that is read all the time costs one statement per second.', async () => {
    const proxy = await openWireProxy(cluster.port);
    let clock = 0;
    const store = await openPostgresStore(cluster.url(await fresh(), proxy.port), { now: () => clock });
    await fill(store);
    await store.readClient('client-a');
    const before = proxy.turns();
    for (; clock < 3000; clock += 10) await store.readClient('client-a');
    assert.equal(proxy.turns() - before, 2);
    await store.close();
    await proxy.close();
  });
}

function isOperatorError(error: unknown, code: string): boolean {
  assert.ok(error instanceof OperatorError, String(error));
  assert.equal(error.code, code, error.message);
  return true;
}

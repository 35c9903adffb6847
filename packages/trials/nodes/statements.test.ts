import assert from 'node:assert/strict';
import { after, beforeEach, describe, test } from 'node:test';
import { openConnections, openPostgresStore, POOL_LIMITS } from '@keyfob/server/stores/postgres';
import { consentTo } from '../support/consent-to.ts';
import { fill, NOW_MS, refreshed, sampleClient, sampleUse, sampleVehicle } from '../support/samples.ts';
import { startCluster } from '../support/postgres/cluster.ts';
import type { Cluster } from '../support/postgres/cluster.ts';
import { openWireProxy } from '../support/postgres/wire-proxy.ts';

/** After this many uses, a session keeps one plan for all parameters. */
const USES_BEFORE_KEPT = 6;

/** Inserted without a scan of the table, which would count. */
const MORE_GRANTS = `INSERT INTO grants (id, created_at_ms, generation, key_number, client_id, subject, scope, earlier_rotations)
  SELECT n, 1, 0, 1, 'client-b', 'owner', '', '' FROM generate_series(1000, 9000) AS n
  ON CONFLICT DO NOTHING`;

/** Older than the first one, which they are like. */
const MORE_CLIENTS = `INSERT INTO clients (id, revision, dialect, type, name, redirect_uris, profile, policy, waits_for_approval,
    secrets, created_at_ms)
  SELECT 'client-' || lpad(n::text, 5, '0'), 1, dialect, type, 'App', redirect_uris, profile, policy, false, secrets, n
  FROM clients, generate_series(1000, 9000) AS n`;

const MORE_EVENTS = `INSERT INTO grant_events (sequence, id, at_ms, kind, grant_id, client_id, subject, vins)
  SELECT n, n, 1, 'grant.created', n, 'client-b', 'owner', '[]' FROM generate_series(1000, 9000) AS n`;

const started = await startCluster();
if ('reason' in started) test('statements on PostgreSQL', { skip: started.reason }, () => {});
else {
  after(() => started.remove());
  describe('statements on PostgreSQL', () => tryStatements(started));
}

function tryStatements(cluster: Cluster): void {
  let count = 0;
  let url = '';
  let database = '';

  beforeEach(async () => {
    database = `statements_${++count}`;
    await cluster.createDatabase(database);
    url = cluster.url(database);
  });

  test('A session receives the text of a refresh once.', async () => {
    let texts = 0;
    const proxy = await openWireProxy(cluster.port, (bytes) => {
      if (bytes.includes('SKIP LOCKED')) texts++;
    });
    const store = await openPostgresStore(cluster.url(database, proxy.port));
    try {
      await fill(store);
      for (let generation = 0; generation < 4; generation++)
        await refreshed(store, sampleUse(generation, { nowMs: NOW_MS + generation }));
      assert.equal(texts, 1);
    } finally {
      await store.close();
      await proxy.close();
    }
  });

  /** How many times the whole table of grants was scanned. */
  const scans = async (): Promise<unknown> => {
    const sql = "SELECT seq_scan FROM pg_stat_user_tables WHERE relname = 'grants'";
    return (await cluster.ask<{ seq_scan: string }>(sql, database))[0]?.seq_scan;
  };
  /** The database counts the scans of a connection when it has ended. */
  const untilGone = async (): Promise<void> => {
    const sql = `SELECT 1 FROM pg_stat_activity WHERE application_name = 'keyfob' AND datname = '${database}'`;
    while ((await cluster.ask(sql)).length > 0);
  };

  test('A plan that was made while the store was empty uses an index when it is not.', async () => {
    await (await openPostgresStore(url)).close();
    await untilGone();
    const before = await scans();
    const store = await openPostgresStore(url);
    await fill(store);
    for (let generation = 0; generation <= USES_BEFORE_KEPT; generation++) {
      if (generation === USES_BEFORE_KEPT) await cluster.ask(MORE_GRANTS, database);
      await refreshed(store, sampleUse(generation, { nowMs: NOW_MS + generation }));
    }
    await store.close();
    await untilGone();
    assert.equal(await scans(), before);
  });

  /** How many rows of these tables an index led to. */
  const rowsRead = async (): Promise<number> => {
    const sql = `SELECT sum(idx_tup_fetch + seq_tup_read) AS rows FROM pg_stat_user_tables
      WHERE relname IN ('grants', 'grant_events', 'consents', 'covered_vins', 'troubles')`;
    return Number((await cluster.ask<{ rows: string }>(sql, database))[0]?.rows);
  };

  test('A search for grants or events reads what it finds, not the thousands of the others.', async () => {
    const store = await openPostgresStore(url);
    await store.createClient(sampleClient({ id: 'client-b' }));
    await fill(store);
    const car = sampleVehicle(1);
    await consentTo(store, [car], { grantId: 5000n, clientId: 'client-b', subject: 'owner-9' });
    await store.revoke(5000n, { nowMs: NOW_MS, cause: 'owner', requestId: 'request-9' });
    await store.close();
    await cluster.ask(MORE_GRANTS, database);
    await cluster.ask(MORE_EVENTS, database);
    await untilGone();
    for (const search of [
      { subject: 'owner-9', clientId: 'client-b' },
      { vin: car.vin, isRevoked: true },
      { isRevoked: true },
      { isRevoked: true, clientId: 'client-b' },
    ]) {
      const before = await rowsRead();
      const node = await openPostgresStore(url);
      const found = await node.listGrants({ ...search, limit: 100 });
      await node.close();
      await untilGone();
      assert.deepEqual([found.length, found[0]?.id], [1, 5000n]);
      assert.ok((await rowsRead()) - before < 50, JSON.stringify(search));
    }
    for (const search of [{ subject: 'owner-9' }, { requestId: 'request-9' }, { grantId: 5000n }]) {
      const before = await rowsRead();
      const node = await openPostgresStore(url);
      const [found] = await node.listGrantEvents({ ...search, limit: 100, first: 'newest' });
      await node.close();
      await untilGone();
      assert.equal(found?.kind, 'grant.revoked');
      assert.ok((await rowsRead()) - before < 50, String(search.subject ?? search.requestId));
    }
  });

  test('A search for clients, and the use of a secret, read indexes and the rows of what they find.', async () => {
    const store = await openPostgresStore(url);
    await store.createClient(sampleClient({ id: 'client-b', name: 'Planner' }));
    await store.close();
    await cluster.ask(MORE_CLIENTS, database);
    await cluster.ask('VACUUM ANALYZE clients', database);
    const read = async (): Promise<string> => {
      const sql = `SELECT seq_scan || ' ' || idx_tup_fetch AS read FROM pg_stat_user_tables
        WHERE relname = 'clients'`;
      return (await cluster.ask<{ read: string }>(sql, database))[0]?.read ?? '';
    };
    const [scanned, fetched] = (await read()).split(' ').map(Number);
    const node = await openPostgresStore(url);
    const found = await node.findClients({ text: 'plan', limit: 51 });
    const place = await node.findClientPlace({ limit: 5000 });
    const seconds = await node.readLongestAccessTokenLifetime();
    await node.noteSecretUse('client-b', 'one', NOW_MS);
    await node.close();
    await untilGone();
    assert.deepEqual([found.length, place?.id, seconds], [1, 'client-05999', 7200]);
    const [scannedAfter = 0, fetchedAfter = 0] = (await read()).split(' ').map(Number);
    assert.equal(scannedAfter - (scanned ?? 0), 0);
    assert.ok(fetchedAfter - (fetched ?? 0) < 10, `${fetchedAfter - (fetched ?? 0)} rows`);
  });

  test('A list of troubles reads as many rows as it has parts, at every use of its plan.', async () => {
    const [hour, clients, uses] = [24 * 20_000, 20, USES_BEFORE_KEPT + 2];
    const store = await openPostgresStore(url);
    for (let back = 1; back <= 24 * 30; back++)
      await store.addTroubles(
        Array.from({ length: clients * 2 }, (_, index) => ({
          hour: hour - back,
          event: index < clients ? 'refresh.replayed' : 'refresh.refused',
          reason: 'expired',
          clientId: `client-${index}`,
          count: index + 1,
          lastAtMs: back,
        })),
      );
    await store.close();
    await untilGone();
    for (const [hoursPerPart, partsCount] of [
      [24, 30],
      [1, 24],
    ] as const) {
      const before = await rowsRead();
      const node = await openPostgresStore(url);
      const fromHour = hour - hoursPerPart * partsCount;
      const span = { events: ['refresh.replayed', 'code.replayed'], fromHour, hoursPerPart, partsCount };
      for (let use = 0; use < uses; use++)
        assert.equal((await node.listTroubles({ ...span, limit: 50 })).length, clients);
      await node.close();
      await untilGone();
      const rowsOfList = clients * partsCount;
      assert.ok((await rowsRead()) - before <= uses * rowsOfList, `parts of ${hoursPerPart} hours`);
    }
  });

  const readNames = 'SELECT name FROM pg_prepared_statements';
  const readSeven = 'SELECT $1::integer AS n';
  const openOne = () => openConnections(url, { ...POOL_LIMITS, connectionsMax: 1 });

  test('A statement that the session does not have is sent again without a name.', async () => {
    const connections = openOne();
    await connections.read(readSeven, [7]);
    await connections.read('DEALLOCATE ALL');
    for (const n of [7, 8]) assert.deepEqual(await connections.read(readSeven, [n]), [{ n }]);
    assert.deepEqual(await connections.read(readNames), []);
    await connections.close();
  });

  test('A statement whose name the session has already is sent again without a name.', async () => {
    const first = openOne();
    await first.read(readSeven, [7]);
    const [{ name } = {}] = await first.read(readNames);
    await first.close();
    const second = openOne();
    await second.read(`PREPARE ${String(name)} AS SELECT 9 AS n`);
    for (const n of [7, 8]) assert.deepEqual(await second.read(readSeven, [n]), [{ n }]);
    await second.close();
  });

  test('Statements that fail at the same moment because of their names are all sent again.', async () => {
    const connections = openConnections(url, { ...POOL_LIMITS, connectionsMax: 2 });
    await cluster.ask('CREATE TABLE shapes AS SELECT 1 AS n', database);
    const both = () =>
      Promise.all([1, 1].map((n) => connections.read('SELECT * FROM shapes WHERE n = $1', [n])));
    assert.deepEqual(await both(), [[{ n: 1 }], [{ n: 1 }]]);
    await cluster.ask("ALTER TABLE shapes ADD COLUMN more text DEFAULT 'm'", database);
    const row = { n: 1, more: 'm' };
    assert.deepEqual(await both(), [[row], [row]]);
    await connections.close();
  });

  test('A statement whose table has changed is sent again.', async () => {
    const connections = openOne();
    await cluster.ask('CREATE TABLE shapes AS SELECT 1 AS n', database);
    const read = 'SELECT * FROM shapes WHERE n = $1';
    assert.deepEqual(await connections.read(read, [1]), [{ n: 1 }]);
    await cluster.ask("ALTER TABLE shapes ADD COLUMN more text DEFAULT 'm'", database);
    assert.deepEqual(await connections.read(read, [1]), [{ n: 1, more: 'm' }]);
    await connections.close();
  });
}

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Client } from 'pg';
import type { Store } from '@keyfob/server/stores';
import { openPostgresStore } from '@keyfob/server/stores/postgres';
import { fillWithAll, digestOf, importedGrant } from '../support/filled-store.ts';
import { startCluster } from '../support/postgres/cluster.ts';
import type { Cluster } from '../support/postgres/cluster.ts';
import { openConflictProxy } from '../support/postgres/conflict-proxy.ts';
import type { ConflictProxy } from '../support/postgres/conflict-proxy.ts';
import {
  CREATED_AT_MS,
  NOW_MS,
  sampleClient,
  sampleCode,
  sampleCodeUse,
  sampleGrant,
  sampleSecret,
  sampleUse,
  sampleVehicle,
} from '../support/samples.ts';

const LATER = { nowMs: NOW_MS + 10 ** 9, requestId: 'request-3' };
const ACTIVE = 2n ** 63n - 1n;
const GIVEN = { id: 77n, clientId: 'client-a' };
const STATES = ['pending', 'retrying', 'delivered', 'given_up'] as const;
const CLAIM = {
  nowMs: NOW_MS + 10 ** 11,
  leaseMs: 1000,
  limit: 5,
  limitPerWebhook: 5,
  inHand: new Map(),
};

const held = async (store: Store, state: (typeof STATES)[number]) => {
  const [delivery] = await store.listDeliveries({ states: [state], limit: 1 });
  assert.ok(delivery, state);
  return { webhookId: 'hook', sequence: delivery.grantEvent.sequence, attempts: delivery.attempts };
};

const NOW = { nowMs: NOW_MS, doubt: undefined };
const DEVICE = {
  grantId: 73n,
  clientId: 'client-a',
  userCode: 'WDJBMJHT',
  scope: 'read_odometer',
  codeChallenge: undefined,
  issuedAtMs: NOW_MS,
  intervalSeconds: 5,
  polledAtMs: undefined,
  settled: undefined,
};
const PRESENTED_DEVICE = { grantId: 73n, clientId: 'client-a', issuedAt: Math.floor(NOW_MS / 1000) };
const SESSION = { digest: digestOf('session'), startedAtMs: NOW_MS };

/** Every verb that changes something, and every path of a refresh and of a code. */
const VERBS: Readonly<Record<string, (store: Store) => Promise<unknown>>> = {
  'a rotation': async (store) => store.refresh(sampleUse(0, { ...LATER, presented: { grantId: ACTIVE } })),
  'a resync': async (store) => store.refresh(sampleUse(9, { ...LATER, presented: { grantId: ACTIVE } })),
  'a repeat': async (store) =>
    store.refresh(sampleUse(0, { nowMs: NOW_MS + 2000, presented: { grantId: 70n } })),
  'a replay': async (store) => store.refresh(sampleUse(0, { ...LATER, presented: { grantId: 70n } })),
  'a code': (store) => store.createCode(sampleCode({ grantId: 71n })),
  'a device': (store) => store.createDeviceRequest({ ...DEVICE, grantId: 72n, userCode: 'CCCCCCCC' }),
  'a poll': async (store) => {
    await store.createDeviceRequest(DEVICE);
    return store.pollDeviceRequest({ nowMs: NOW_MS, doubt: undefined, presented: PRESENTED_DEVICE });
  },
  'an approved device': async (store) => {
    await store.createDeviceRequest(DEVICE);
    const consent = { subject: 'owner-1', vehicles: [] };
    return store.settleDeviceRequest(DEVICE.userCode, { kind: 'approved', consent }, NOW);
  },
  'a redemption': (store) =>
    store.redeemCode(sampleCodeUse({ nowMs: NOW_MS + 2000, presented: { grantId: 9n, brand: 'genesis' } })),
  'a replayed code': (store) => store.redeemCode(sampleCodeUse({ ...LATER, presented: { grantId: 7n } })),
  'a new grant': (store) => store.createGrant(sampleGrant(GIVEN), LATER),
  'a revocation': (store) => store.revoke(ACTIVE, { ...LATER, cause: 'operator' }),
  'a reinstatement': (store) => store.reinstate(-(2n ** 63n), LATER),
  'a prune': (store) => store.prune({ limit: 1000, endedBeforeMs: NOW_MS + 10 ** 12 }),
  'an import': (store) =>
    store.importGrants(
      [
        importedGrant('used'),
        { ...importedGrant('unused'), grant: sampleGrant(GIVEN), digest: digestOf('another') },
      ],
      LATER,
    ),
  'a selection': (store) => store.selectVehicles(7n, [sampleVehicle(5)], LATER),
  'a disconnection': (store) => store.disconnectVehicles(7n, 'all', { ...LATER, endsWhenEmpty: true }),
  'a webhook': (store) =>
    store.createWebhook({
      id: 'second',
      url: 'https://app.example/second',
      format: 'standard',
      clientId: undefined,
      kinds: ['grant.revoked'],
      keyNumber: 1,
      createdAtMs: CREATED_AT_MS,
      disabledAtMs: undefined,
    }),
  'the removal of a webhook': (store) => store.removeWebhook('hook'),
  'a claim': (store) => store.claimDeliveries(CLAIM),
  'a delivery': async (store) =>
    store.settleDelivery(await held(store, 'pending'), { kind: 'delivered', nowMs: NOW_MS, status: 204 }),
  'retries of deliveries': (store) => store.retryDeliveries('hook', CLAIM.nowMs),
  'a new client': (store) => store.createClient(sampleClient({ id: 'client-n' })),
  'a changed client': (store) => store.changeClient('client-b', { name: 'Another name' }),
  'the removal of a client': (store) => store.removeClient('client-a', { withGrants: true }),
  'a new secret': (store) => store.addSecret('client-a', sampleSecret('three')),
  'the removal of a secret': (store) => store.removeSecret('client-a', 'two'),
  'the use of a secret': (store) => store.noteSecretUse('client-a', 'two', NOW_MS),
  'a new key': (store) =>
    store.registerKey({
      number: 2,
      purpose: 'seal',
      createdAtMs: CREATED_AT_MS,
      fingerprint: 'another fingerprint',
    }),
  'a session': (store) => store.createSession({ ...SESSION, digest: digestOf('another session') }),
  'the end of a session': (store) => store.endSession(SESSION.digest),
};

const READS: Readonly<Record<string, (store: Store) => Promise<unknown>>> = {
  readGrant: (store) => store.readGrant(42n),
  readReplay: (store) => store.readReplay(42n),
  listGrants: (store) => store.listGrants({ limit: 10 }),
  countGrants: (store) => store.countGrants('client-a'),
  readClient: async (store) => store.readClient('client-a'),
  listClients: (store) => store.listClients(),
  findClients: (store) => store.findClients({ text: 'CLIENT-', limit: 10 }),
  findClientPlace: (store) => store.findClientPlace({ limit: 1 }),
  readLongestAccessTokenLifetime: (store) => store.readLongestAccessTokenLifetime(),
  listWaitingClients: (store) => store.listWaitingClients({ limit: 10 }),
  listPublicRedirectUris: (store) => store.listPublicRedirectUris(),
  listKeys: (store) => store.listKeys(),
  countGrantsByKey: (store) => store.countGrantsByKey(),
  findImported: (store) => store.findImported([digestOf('imported used')]),
  listVehicles: (store) => store.listVehicles(7n),
  listConsents: (store) => store.listConsents('owner-1', { limit: 10 }),
  listGrantEvents: (store) => store.listGrantEvents({ after: 0, limit: 100 }),
  listWebhooks: (store) => store.listWebhooks(),
  listDeliveries: (store) => store.listDeliveries({ states: STATES, limit: 100 }),
  countDeliveriesWaiting: (store) => store.countDeliveriesWaiting(),
  hasSession: (store) => store.hasSession(SESSION.digest),
};

/** Columns that differ between two runs: random numbers, the database's clock, and who issued a token. */
const VOLATILE = ['revision', 'sequence', 'grant_event', 'issued_by', 'last_seen_at_ms'];

const cluster = await startCluster();
const TITLE = 'a database whose transactions conflict';
if ('reason' in cluster) test(TITLE, { skip: cluster.reason }, () => {});
else describe(TITLE, () => tryConflicts(cluster));

function tryConflicts(database: Cluster): void {
  let proxy: ConflictProxy;
  let store: Store;
  let tables: readonly string[];
  const client = new Client({ connectionString: database.url() });

  before(async () => {
    proxy = await openConflictProxy(database.port, '40001');
    store = await openPostgresStore(database.url('postgres', proxy.port), {
      limits: { connectionsMax: 1 },
      node: { epochMs: 2 ** 30 },
      clientCacheMs: 0,
    });
    await fillWithAll(store, 3);
    await store.createGrant(sampleGrant({ id: 70n }));
    await store.createSession(SESSION);
    await store.refresh(sampleUse(0, { nowMs: NOW_MS + 1000, presented: { grantId: 70n } }));
    await client.connect();
    const { rows } = await client.query<{ name: string }>(
      `SELECT relname AS name FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
        AND relname <> 'keyfob_schema' ORDER BY 1`,
    );
    tables = rows.map(({ name }) => name);
    const save = tables.map((name) => `CREATE TABLE saved.${name} AS TABLE public.${name}`);
    await client.query(`CREATE SCHEMA saved; ${save.join('; ')}`);
  });
  after(async () => {
    await store.close();
    await client.end();
    await proxy.close();
    await database.remove();
  });

  const reset = (): Promise<unknown> =>
    client.query(
      tables.map((name) => `DELETE FROM ${name}; INSERT INTO ${name} TABLE saved.${name}`).join('; '),
    );
  /** Every row of every table, without what differs between two runs. */
  const dump = async (): Promise<readonly object[]> => {
    const selects = tables.map((name) => {
      const row = name === 'grant_events' ? "to_jsonb(t) - 'id'" : 'to_jsonb(t)';
      return `SELECT '${name}' AS name, ${row} AS row FROM ${name} AS t`;
    });
    const stripped = VOLATILE.reduce((row, column) => `${row} - '${column}'`, 'row');
    const answered = "row ->> 'issued_by' <> '0'";
    const { rows } = await client.query<object>(
      `SELECT name, ${stripped} AS row, ${answered} AS answered FROM (${selects.join(' UNION ALL ')}) AS r
        ORDER BY 1, 2, 3`,
    );
    return rows;
  };

  test('a read: each statement may fail once, and the answer is the same.', async () => {
    for (const [name, read] of Object.entries(READS)) {
      proxy.failAt(0);
      const result = await read(store);
      const count = proxy.seen().length;
      for (let statement = 1; statement <= count; statement++) {
        proxy.failAt(statement);
        assert.deepEqual(await read(store), result, name);
      }
    }
  });

  for (const [name, verb] of Object.entries(VERBS)) {
    test(`${name}: each statement may fail once, and the outcome is the same.`, async () => {
      await reset();
      proxy.failAt(0);
      const result = await verb(store);
      const statements = proxy.seen();
      const state = await dump();
      assert.notEqual(statements.length, 0);
      for (const [index, statement] of statements.entries()) {
        await reset();
        proxy.failAt(index + 1);
        assert.deepEqual(await verb(store), result, statement);
        assert.deepEqual(await dump(), state, statement);
      }
    });
  }
}

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import type { TestContext } from 'node:test';
import { Client } from 'pg';
import { StoreError } from '@keyfob/server/errors';
import { copyStore, openSqliteEndpoint, openSqliteStore } from '@keyfob/server/stores';
import type { CopyEndpoint, Store } from '@keyfob/server/stores';
import {
  inspectPostgresStore,
  migratePostgresStore,
  openPostgresEndpoint,
  openPostgresStore,
} from '@keyfob/server/stores/postgres';
import {
  CREATED_AT_MS,
  createGrants,
  fill,
  NOW_MS,
  redeemed,
  refreshed,
  sampleCode,
  sampleCodeUse,
  sampleUse,
  STRICT_POLICY,
} from '../support/samples.ts';
import { fillWithAll, readAll } from '../support/filled-store.ts';
import { startCluster } from '../support/postgres/cluster.ts';
import type { Cluster } from '../support/postgres/cluster.ts';
import { PATIENT } from '../support/postgres/patience.ts';
import { startPooler } from '../support/postgres/pooler.ts';
import type { Pooler } from '../support/postgres/pooler.ts';
import { REFRESH } from './refresh-bytes.ts';
import { openWireProxy } from '../support/postgres/wire-proxy.ts';
import type { WireProxy } from '../support/postgres/wire-proxy.ts';

const TITLE = 'through PgBouncer in transaction mode, with fewer connections than the nodes ask for,';
const AT = { nowMs: CREATED_AT_MS + 1000, cause: 'operator' } as const;

const cluster = await startCluster();
if ('reason' in cluster) test(TITLE, { skip: cluster.reason }, () => {});
else {
  after(() => cluster.remove());
  const route = await openWireProxy(cluster.port);
  after(() => route.close());
  const pooler = await startPooler(route.port);
  if ('reason' in pooler) test(TITLE, { skip: pooler.reason }, () => {});
  else {
    after(() => pooler.remove());
    describe(TITLE, () => tryPooled({ cluster, route, pooler }));
  }
}

/** `route` leads from the pooler to the database. */
type Setup = { readonly cluster: Cluster; readonly route: WireProxy; readonly pooler: Pooler };

type Nodes = readonly [Store, Store, Store];

function tryPooled(setup: Setup): void {
  let count = 0;
  /** The address of a fresh database, through the pooler. */
  const makeUrl = async (): Promise<string> => {
    const name = `pooled_${++count}`;
    await setup.cluster.createDatabase(name);
    return setup.cluster.url(name, setup.pooler.port);
  };
  const onNodes = (name: string, body: (nodes: Nodes) => Promise<void>): void => {
    test(name, async () => {
      const url = await makeUrl();
      const open = () => openPostgresStore(url, { limits: PATIENT });
      const nodes = [await open(), await open(), await open()] as const;
      try {
        await body(nodes);
      } finally {
        await Promise.all(nodes.map((node) => node.close()));
      }
    });
  };

  test('a connection is given the id of another process than the one that serves it.', async () => {
    const urls = [setup.cluster.url(), await makeUrl()];
    assert.deepEqual(await Promise.all(urls.map(hasOwnProcess)), [true, false]);
  });
  onNodes('refreshes of many grants at several nodes rotate each grant once per generation.', rotateMany);
  onNodes('a token and a code that are presented to all nodes at once work once.', presentToAll);
  test('two nodes that migrate at once create the schema once, and a copy carries everything over, twice.', async (t) =>
    migrateAndCopy(t, [await makeUrl(), await makeUrl()]));
  onNodes('a refresh that is cut off behind it takes place once, and is still answered.', (nodes) =>
    cutRefreshes(nodes, setup.route),
  );
  onNodes('a commit that is cut off behind it has an unknown outcome.', (nodes) =>
    cutCommits(nodes, setup.route),
  );
  onNodes('the store is unavailable while it is stopped, and works again once it is back.', async ([one]) => {
    await fill(one);
    await setup.pooler.stop();
    await assert.rejects(
      async () => one.refresh(sampleUse(0)),
      (error) => error instanceof StoreError,
    );
    await setup.pooler.start();
    assert.equal((await refreshed(one, sampleUse(0))).verdict.kind, 'rotate');
  });
}

/** Whether the process that serves a connection is the one that it was given at its start, which a cancel request would go to. */
async function hasOwnProcess(url: string): Promise<boolean> {
  const client = new Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  // The driver keeps it, though its types do not say so.
  const { processID } = client as unknown as { readonly processID: number };
  await client.end();
  return rows[0]?.pid === processID;
}

async function rotateMany(nodes: Nodes): Promise<void> {
  const [one, other] = nodes;
  await fill(one);
  const ids = Array.from({ length: 300 }, (_, index) => BigInt(index + 1000));
  await createGrants(one, ids);
  for (let generation = 0; generation < 5; generation++) {
    const use = { nowMs: NOW_MS + generation };
    const results = await Promise.all(
      ids.map((grantId, index) =>
        refreshed(
          nodes[index % nodes.length] ?? one,
          sampleUse(generation, { ...use, presented: { grantId } }),
        ),
      ),
    );
    for (const { verdict } of results) assert.equal(verdict.kind, 'rotate');
  }
  const ended = ids.slice(0, 50).map((id) => other.revoke(id, AT));
  assert.deepEqual(new Set(await Promise.all(ended)), new Set(['revoked']));
  const events = await one.listGrantEvents({ after: 0, limit: 1000 });
  assert.equal(events.filter(({ kind }) => kind === 'grant.revoked').length, 50);
}

async function presentToAll(nodes: Nodes): Promise<void> {
  const [one] = nodes;
  await fill(one, STRICT_POLICY);
  await one.createCode(sampleCode({ grantId: 7n }));
  const chosen = Array.from({ length: 30 }, (_, index) => nodes[index % nodes.length] ?? one);
  const refreshes = await Promise.all(chosen.map((node) => refreshed(node, sampleUse(0))));
  const codeUse = sampleCodeUse({ presented: { grantId: 7n } });
  const redemptions = await Promise.all(chosen.map((node) => redeemed(node, codeUse)));
  const [rotated = [], refused = []] = ['rotate', 'refuse'].map((kind) =>
    refreshes.filter(({ verdict }) => verdict.kind === kind),
  );
  assert.deepEqual([rotated.length, refused.length], [1, chosen.length - 1]);
  assert.equal(redemptions.filter(({ verdict }) => verdict.kind === 'redeem').length, 1);
}

/** Copies from SQLite through the pooler to one database, and from there to another. */
async function migrateAndCopy(t: TestContext, [url, next]: readonly [string, string]): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'keyfob-pooled-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const path = join(directory, 'keyfob.db');
  const embedded = openSqliteStore(path);
  await fillWithAll(embedded);
  const before = await readAll(embedded);
  await embedded.close();
  const [one, other] = await Promise.all([migratePostgresStore(url), migratePostgresStore(url)]);
  assert.deepEqual([one.to, (await inspectPostgresStore(url)).schema], [other.to, other.to]);
  await move(openSqliteEndpoint(path, 'source'), await openPostgresEndpoint(url, 'target'));
  await move(await openPostgresEndpoint(url, 'source'), await openPostgresEndpoint(next, 'target'));
  const store = await openPostgresStore(next);
  assert.deepEqual(await readAll(store), before);
  await store.close();
}

async function move(source: CopyEndpoint, target: CopyEndpoint): Promise<void> {
  const options = { isSwitching: true, checkKeys: async () => {}, onProgress: () => {} };
  const copied = await copyStore({ source, target, ...options, now: () => performance.now() });
  assert.equal(copied.outcome, 'moved');
  await source.close();
  await target.close();
}

async function cutRefreshes([one]: Nodes, route: WireProxy): Promise<void> {
  await fill(one, STRICT_POLICY);
  for (const [generation, fault] of (['cut_before', 'cut_after'] as const).entries()) {
    void route.fail(fault, ...REFRESH);
    const { grant } = await refreshed(one, sampleUse(generation, { nowMs: NOW_MS + generation }));
    assert.equal(grant?.generation, generation + 1);
    assert.equal((await one.readGrant(42n))?.generation, generation + 1);
  }
}

async function cutCommits([one]: Nodes, route: WireProxy): Promise<void> {
  await fill(one);
  for (const [fault, isRevoked] of [
    ['cut_before', false],
    ['cut_after', true],
  ] as const) {
    void route.fail(fault, 'COMMIT\0');
    await assert.rejects(one.revoke(42n, AT), (error) => {
      assert.ok(error instanceof StoreError);
      return error.kind === 'outcome_unknown';
    });
    assert.equal((await one.readGrant(42n))?.revocation !== undefined, isRevoked);
  }
}

import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { Client } from 'pg';
import { StoreError } from '@keyfob/server/errors';
import type { RefreshResult, RefreshUse, Store } from '@keyfob/server/stores';
import { openPostgresStore } from '@keyfob/server/stores/postgres';
import {
  fill,
  NOW_MS,
  OVERLAP_POLICY,
  redeemed,
  refreshed,
  sampleClient,
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
import type { WireProxy } from '../support/postgres/wire-proxy.ts';

const COMMIT = 'COMMIT\0';
/** Longer than an overlap of 60 seconds, and than any race. */
const LATER_MS = NOW_MS + 3_600_000;
/** What never happens in a test. */
const NEVER_MS = 2 ** 30;

const started = await startCluster();
if ('reason' in started) test('answers that other nodes did not give', { skip: started.reason }, () => {});
else {
  after(() => started.remove());
  describe('answers that other nodes did not give', () => tryUnanswered(started));
}

type NodeOptions = NonNullable<NonNullable<Parameters<typeof openPostgresStore>[1]>['node']>;
type TestNode = { readonly store: Store; readonly proxy: WireProxy };
type Nodes = { readonly a: TestNode; readonly b: TestNode; readonly database: string };

function tryUnanswered(cluster: Cluster): void {
  let count = 0;

  /** Two nodes on a fresh database, each by a proxy of its own. Beats are short, and nobody waits for long. */
  const onNodes = (name: string, options: NodeOptions, body: (nodes: Nodes) => Promise<void>): void => {
    test(name, async () => {
      const database = `unanswered_${++count}`;
      await cluster.createDatabase(database);
      const proxies = [await openWireProxy(cluster.port), await openWireProxy(cluster.port)] as const;
      const open = async (proxy: WireProxy): Promise<TestNode> => ({
        proxy,
        store: await openPostgresStore(cluster.url(database, proxy.port), {
          node: { epochMs: 20, leaseMs: NEVER_MS, attemptsMax: 1, ...options },
        }),
      });
      try {
        const [a, b] = [await open(proxies[0]), await open(proxies[1])];
        await body({ a, b, database });
        for (const { proxy } of [a, b]) proxy.refuse(false);
        await Promise.all([a, b].map(({ store }) => store.close()));
      } finally {
        for (const proxy of proxies) await proxy.close();
      }
    });
  };

  const ask = async (database: string, sql: string): Promise<unknown> =>
    Object.values((await cluster.ask(sql, database))[0] ?? {})[0];
  const generation = (database: string) => ask(database, 'SELECT generation::integer FROM grants');

  const loseRefresh = ({ a, database }: Nodes): Promise<void> =>
    lose(
      a,
      REFRESH[0],
      () => a.store.refresh(sampleUse(0)),
      async () => (await generation(database)) === 1,
    );

  const isTold = async ({ database }: Nodes): Promise<void> => {
    while ((await ask(database, 'SELECT issued_by::text FROM grants')) !== '0');
  };
  const isRepeat = async ({ b, database }: Nodes, use: RefreshUse, { store } = b): Promise<void> => {
    const { verdict, grant } = await untilAnswered(store, use);
    assert.deepEqual([verdict, grant?.generation], [{ kind: 'repeat', cause: 'same_use' }, 1]);
    assert.equal(await generation(database), 1);
  };

  for (const [name, policy, nowMs] of [
    ['strict, at once', STRICT_POLICY, NOW_MS + 10],
    ['strict, an hour later', STRICT_POLICY, LATER_MS],
    ['overlap, an hour later', OVERLAP_POLICY, LATER_MS],
  ] as const) {
    const retry = sampleUse(0, { nowMs });
    onNodes(
      `A use that one node answered by 503 is no dead token at another, and answered once that node is back: ${name}.`,
      {},
      async (nodes) => {
        const { a, b, database } = nodes;
        await fill(a.store, policy);
        await loseRefresh(nodes);
        for (let times = 0; times < 3; times++)
          await assert.rejects(b.store.refresh(retry), isFailure('unavailable'));
        a.proxy.refuse(false);
        await isRepeat(nodes, retry);
        await isRevoking(b.store, nowMs + 3_600_000);
        assert.equal(
          await ask(database, 'SELECT count(*)::integer FROM nodes WHERE awaited_since_ms > 0'),
          0,
        );
      },
    );

    onNodes(
      `A use whose node was cut off for longer than the lease is answered by another: ${name}.`,
      { leaseMs: 0 },
      async (nodes) => {
        const { a, b, database } = nodes;
        await fill(a.store, policy);
        await loseRefresh(nodes);
        await isRepeat(nodes, retry);
        // Whose answer it is now has been written, and the first node finds nothing to tell of when it is back.
        a.proxy.refuse(false);
        while ((await ask(database, 'SELECT count(*)::integer FROM nodes WHERE awaited_since_ms > 0')) !== 0);
        await isRevoking(b.store, nowMs + 3_600_000);
      },
    );
  }

  onNodes('A damaged client keeps its node from telling of nobody else.', {}, async (nodes) => {
    const { a, database } = nodes;
    await fill(a.store, STRICT_POLICY);
    await loseRefresh(nodes);
    await cluster.ask("UPDATE clients SET policy = '[', revision = revision + 1", database);
    a.proxy.refuse(false);
    await a.store.createClient(sampleClient({ id: 'client-z' }));
    await a.store.createGrant(sampleGrant({ id: 43n, clientId: 'client-z' }));
    await refreshed(a.store, sampleUse(0, { presented: { grantId: 43n, clientId: 'client-z' } }));
    const isDecided = `SELECT issued_by % ${2n ** 32n} <= reported_epoch FROM grants, nodes
      WHERE id = 43 AND number = issued_by / ${2n ** 32n}`;
    while ((await ask(database, isDecided)) !== true);
  });

  onNodes('A use that its own node repeats after all is over at every node.', {}, async (nodes) => {
    const { a, b } = nodes;
    await fill(a.store, STRICT_POLICY);
    await loseRefresh(nodes);
    a.proxy.refuse(false);
    await isTold(nodes);
    await isRepeat(nodes, sampleUse(0, { nowMs: LATER_MS, presented: { isRetryOfOurs: true } }), a);
    await isRevoking(b.store, LATER_MS);
  });

  onNodes(
    'A use that its own node repeats before it has told of it is over at every node.',
    { epochMs: NEVER_MS },
    async (nodes) => {
      const { a, b } = nodes;
      await fill(a.store, STRICT_POLICY);
      await loseRefresh(nodes);
      a.proxy.refuse(false);
      await isRepeat(nodes, sampleUse(0, { nowMs: LATER_MS, presented: { isRetryOfOurs: true } }), a);
      await a.store.close();
      await isRevoking(b.store, LATER_MS);
    },
  );

  onNodes(
    'A use that its own node repeats while it tells of it is over at every node.',
    {},
    async (nodes) => {
      const { a, b, database } = nodes;
      const waiting = () =>
        ask(database, "SELECT count(*)::integer FROM pg_stat_activity WHERE wait_event_type = 'Lock'");
      await fill(a.store, STRICT_POLICY);
      await loseRefresh(nodes);
      const holder = new Client({ connectionString: cluster.url(database) });
      await holder.connect();
      await holder.query('BEGIN; SELECT id FROM grants WHERE id = 42 FOR UPDATE');
      a.proxy.refuse(false);
      while ((await waiting()) !== 1);
      const retry = sampleUse(0, { nowMs: LATER_MS, presented: { isRetryOfOurs: true } });
      const repeated = isRepeat(nodes, retry, a);
      const bothWait = async (): Promise<void> => {
        while ((await waiting()) === 1);
      };
      await Promise.race([repeated, bothWait()]);
      await holder.query('ROLLBACK');
      await holder.end();
      await repeated;
      while ((await ask(database, 'SELECT reported_epoch::integer FROM nodes')) === 0);
      await isRevoking(b.store, LATER_MS);
    },
  );

  onNodes('A statement that comes late to the database does not count as an answer.', {}, async (nodes) => {
    const { a, database } = nodes;
    await fill(a.store, STRICT_POLICY);
    await a.store.readClient('client-a');
    const use = sampleUse(0);
    void a.proxy.fail('late', ...REFRESH).then(() => a.proxy.refuse(true));
    await assert.rejects(a.store.refresh(use), isFailure('outcome_unknown'));
    assert.equal(await generation(database), 0);
    a.proxy.refuse(false);
    await isTold(nodes);
    await a.proxy.deliver();
    await isRepeat(nodes, sampleUse(0, { nowMs: LATER_MS }));
  });

  onNodes('A code whose node did not answer is exchanged at another, once.', {}, async (nodes) => {
    const { a, b, database } = nodes;
    await fill(a.store);
    await a.store.createCode(sampleCode({ grantId: 7n }));
    const use = sampleCodeUse({ presented: { grantId: 7n } });
    const made = async () => (await ask(database, 'SELECT count(*)::integer FROM grants WHERE id = 7')) === 1;
    await lose(a, COMMIT, () => a.store.redeemCode(use), made);
    for (let times = 0; times < 3; times++)
      await assert.rejects(b.store.redeemCode(use), isFailure('unavailable'));
    a.proxy.refuse(false);
    const { verdict, grant } = await until(() => redeemed(b.store, use));
    assert.deepEqual([verdict.kind, grant?.generation, grant?.revocation], ['repeat', 0, undefined]);
    const replay = await redeemed(b.store, use);
    assert.deepEqual([replay.verdict.kind, replay.grant?.revocation?.cause], ['replay', 'code_replay']);
  });

  onNodes(
    'A code whose node is lost is exchanged at another.',
    { leaseMs: 0 },
    async ({ a, b, database }) => {
      await fill(a.store);
      await a.store.createCode(sampleCode({ grantId: 7n }));
      const use = sampleCodeUse({ presented: { grantId: 7n } });
      const made = async () =>
        (await ask(database, 'SELECT count(*)::integer FROM grants WHERE id = 7')) === 1;
      await lose(a, COMMIT, () => a.store.redeemCode(use), made);
      assert.equal((await redeemed(b.store, use)).verdict.kind, 'repeat');
      assert.equal((await redeemed(b.store, use)).verdict.kind, 'replay');
    },
  );

  onNodes(
    'What a node did answer stays a race and then a replay: there at once, elsewhere once it has told of it.',
    { epochMs: NEVER_MS },
    async ({ a, b, database }) => {
      await fill(a.store, STRICT_POLICY);
      await refreshed(a.store, sampleUse(0));
      const [race, replay] = [sampleUse(0, { nowMs: NOW_MS + 10 }), sampleUse(0, { nowMs: LATER_MS })];
      assert.deepEqual((await refreshed(a.store, race)).verdict, {
        kind: 'refuse',
        reason: 'concurrent_use',
      });
      for (const use of [race, replay]) await assert.rejects(b.store.refresh(use), isFailure('unavailable'));
      assert.equal(await ask(database, 'SELECT count(*)::integer FROM grants WHERE revoked_at > 0'), 0);
      await a.store.close();
      assert.deepEqual((await refreshed(b.store, race)).verdict, {
        kind: 'refuse',
        reason: 'concurrent_use',
      });
      assert.equal((await refreshed(b.store, replay)).verdict.kind, 'replay');
    },
  );

  onNodes(
    'A code that a node did answer is a replay there at once.',
    { epochMs: NEVER_MS },
    async ({ a, b }) => {
      await fill(a.store);
      for (const grantId of [7n, 8n]) await a.store.createCode(sampleCode({ grantId }));
      const [here, there] = [7n, 8n].map((grantId) => sampleCodeUse({ presented: { grantId } }));
      for (const use of [here, there]) assert.equal((await redeemed(a.store, use)).verdict.kind, 'redeem');
      assert.equal((await redeemed(a.store, here)).verdict.kind, 'replay');
      await assert.rejects(b.store.redeemCode(there ?? sampleCodeUse()), isFailure('unavailable'));
      await a.store.close();
      assert.equal((await redeemed(b.store, there)).verdict.kind, 'replay');
    },
  );

  const decided = async (database: string): Promise<void> => {
    while (Number(await ask(database, 'SELECT max(reported_epoch)::integer FROM nodes')) === 0);
  };

  onNodes(
    'A used token whose connection is cut is no retry of what its node answered before.',
    {},
    async ({ a, database }) => {
      await fill(a.store, STRICT_POLICY);
      await refreshed(a.store, sampleUse(0));
      await decided(database);
      const isCut = a.proxy.fail('cut_before', ...REFRESH);
      const { verdict, grant } = await refreshed(a.store, sampleUse(0, { nowMs: LATER_MS }));
      await isCut;
      assert.deepEqual([verdict.kind, grant?.revocation?.cause], ['replay', 'replay']);
    },
  );

  onNodes(
    'A used code whose connection is cut is no retry of what its node answered before.',
    {},
    async ({ a, database }) => {
      await fill(a.store);
      await a.store.createCode(sampleCode({ grantId: 7n }));
      const use = sampleCodeUse({ presented: { grantId: 7n } });
      assert.equal((await redeemed(a.store, use)).verdict.kind, 'redeem');
      await decided(database);
      const isCut = a.proxy.fail('cut_before', COMMIT);
      const { verdict, grant } = await redeemed(a.store, use);
      await isCut;
      assert.deepEqual([verdict.kind, grant?.revocation?.cause], ['replay', 'code_replay']);
    },
  );

  onNodes(
    'A node waits for the word of another before it sends a client away.',
    { attemptsMax: NEVER_MS },
    async (nodes) => {
      const { a, b } = nodes;
      await fill(a.store, STRICT_POLICY);
      await refreshed(a.store, sampleUse(0));
      const { verdict } = await refreshed(b.store, sampleUse(0, { nowMs: NOW_MS + 10 }));
      assert.deepEqual(verdict, { kind: 'refuse', reason: 'concurrent_use' });
    },
  );

  onNodes(
    'A node that is idle has told of everything and writes nothing, however long ago it was seen.',
    { leaseMs: 0, attemptsMax: 1000 },
    async ({ a, b, database }) => {
      await fill(a.store, STRICT_POLICY);
      await refreshed(a.store, sampleUse(0));
      while ((await ask(database, 'SELECT max(reported_epoch)::integer FROM nodes')) === 0);
      const before = a.proxy.turns();
      await isRevoking(b.store);
      assert.equal(a.proxy.turns(), before);
    },
  );

  onNodes(
    'Nodes that closed leave nothing behind, and lost ones are forgotten after 400 days.',
    {},
    async (nodes) => {
      const { a, b, database } = nodes;
      await fill(a.store, STRICT_POLICY);
      await refreshed(a.store, sampleUse(0));
      await a.store.close();
      assert.equal(await ask(database, 'SELECT count(*)::integer FROM nodes'), 0);
      const day = 86_400_000;
      for (const days of [399, 401])
        await ask(
          database,
          `INSERT INTO nodes VALUES (${days}, 1, extract(epoch FROM now()) * 1000 - ${days * day})`,
        );
      await b.store.prune({ limit: 10, endedBeforeMs: 0 * 1000 });
      assert.equal(await ask(database, 'SELECT string_agg(number::text, $$ $$) FROM nodes'), '399');
    },
  );
}

/** What is asked takes place, its answer is lost, and the database stays away from the node. */
const lose = async (
  { proxy }: TestNode,
  bytes: string,
  use: () => Promise<unknown>,
  isDone: () => Promise<boolean>,
): Promise<void> => {
  const met = proxy.fail('hold', bytes);
  const failing = assert.rejects(use(), isFailure('outcome_unknown'));
  await met;
  while (!(await isDone()));
  proxy.refuse(true);
  await failing;
};

const isRevoking = async (store: Store, nowMs = LATER_MS): Promise<void> => {
  const { verdict, grant } = await untilAnswered(store, sampleUse(0, { nowMs }));
  assert.deepEqual([verdict.kind, grant?.revocation?.cause], ['replay', 'replay']);
};

const isFailure =
  (kind: StoreError['kind']) =>
  (error: unknown): boolean => {
    assert.ok(error instanceof StoreError, String(error));
    assert.equal(error.kind, kind, error.message);
    return true;
  };

/** As a client does that is told to come again. */
const until = async <Result>(work: () => Promise<Result>): Promise<Result> => {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      isFailure('unavailable')(error);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
};

const untilAnswered = (store: Store, use: RefreshUse): Promise<RefreshResult> =>
  until(() => refreshed(store, use));

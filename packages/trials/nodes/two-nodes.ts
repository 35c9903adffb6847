import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { StoreError } from '@keyfob/server/errors';
import type { RefreshResult, RefreshUse, Store } from '@keyfob/server/stores';
import { openPostgresStore } from '@keyfob/server/stores/postgres';
import { NOW_MS, refreshed, sampleUse } from '../support/samples.ts';
import { startCluster } from '../support/postgres/cluster.ts';
import { openWireProxy } from '../support/postgres/wire-proxy.ts';
import type { WireProxy } from '../support/postgres/wire-proxy.ts';
import { REFRESH } from './refresh-bytes.ts';

/** Longer than an overlap of 60 seconds, and than any race. */
export const LATER_MS = NOW_MS + 3_600_000;
/** Longer than any test takes. */
export const NEVER_MS = 2 ** 30;
export const COMMIT = 'COMMIT\0';

export type NodeOptions = NonNullable<NonNullable<Parameters<typeof openPostgresStore>[1]>['node']>;
type TestNode = { readonly store: Store; readonly proxy: WireProxy };

/** Two nodes on a fresh database, each behind a proxy of its own. */
export type Nodes = {
  readonly a: TestNode;
  readonly b: TestNode;
  /** The value of the first column of the first row. */
  readonly read: (sql: string) => Promise<unknown>;
  /** Writes to the database, without a store. */
  readonly write: (sql: string) => Promise<void>;
  readonly url: string;
};

/** Declares a test with two nodes. Epochs are short, and no node waits long for a report. */
type DeclareTest = (name: string, options: NodeOptions, body: (nodes: Nodes) => Promise<void>) => void;

/** Describes tests with two nodes on a cluster of their own. */
export const describeNodes = async (
  title: string,
  declare: (onNodes: DeclareTest) => void,
): Promise<void> => {
  const cluster = await startCluster();
  if ('reason' in cluster) return test(title, { skip: cluster.reason }, () => {});
  after(() => cluster.remove());
  let count = 0;
  const onNodes: DeclareTest = (name, options, body) => {
    test(name, async () => {
      const database = `nodes_${++count}`;
      await cluster.createDatabase(database);
      const open = async (proxy: WireProxy): Promise<TestNode> => ({
        proxy,
        store: await openPostgresStore(cluster.url(database, proxy.port), {
          node: { epochMs: 20, leaseMs: NEVER_MS, attemptsMax: 1, ...options },
        }),
      });
      const proxies = [await openWireProxy(cluster.port), await openWireProxy(cluster.port)] as const;
      try {
        const [a, b] = [await open(proxies[0]), await open(proxies[1])];
        await body({
          a,
          b,
          read: async (sql) => Object.values((await cluster.ask(sql, database))[0] ?? {})[0],
          write: async (sql) => void (await cluster.ask(sql, database)),
          url: cluster.url(database),
        });
        for (const { proxy } of [a, b]) proxy.refuse(false);
        await Promise.all([a, b].map(({ store }) => store.close()));
      } finally {
        for (const proxy of proxies) await proxy.close();
      }
    });
  };
  describe(title, () => declare(onNodes));
};

/** Resolves when a query has the expected value. */
export const until = async (read: () => Promise<unknown>, expected: unknown): Promise<void> => {
  while ((await read()) !== expected);
};

/** A use takes place, its answer is lost, and the database stays unreachable for the node. */
export const lose = async (
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

export const readGeneration = ({ read }: Nodes): Promise<unknown> =>
  read('SELECT generation::integer FROM grants');

export const loseRefresh = (nodes: Nodes): Promise<void> =>
  lose(
    nodes.a,
    REFRESH[0],
    async () => nodes.a.store.refresh(sampleUse(0)),
    async () => (await readGeneration(nodes)) === 1,
  );

/** The row shows that the use was not answered. */
export const isMarked = ({ read }: Nodes): Promise<void> =>
  until(() => read('SELECT issued_by::text FROM grants'), '0');

export const isRepeat = async (nodes: Nodes, use: RefreshUse, { store } = nodes.b): Promise<void> => {
  const { verdict, grant } = await untilAnswered(store, use);
  assert.deepEqual([verdict, grant?.generation], [{ kind: 'repeat', cause: 'same_use' }, 1]);
  assert.equal(await readGeneration(nodes), 1);
};

/** The first token is a replay, which revokes the grant. */
export const isReplay = async (store: Store, nowMs = LATER_MS): Promise<void> => {
  const { verdict, grant } = await untilAnswered(store, sampleUse(0, { nowMs }));
  assert.deepEqual([verdict.kind, grant?.revocation?.cause], ['replay', 'replay']);
};

export const isFailure =
  (kind: StoreError['kind']) =>
  (error: unknown): boolean => {
    assert.ok(error instanceof StoreError, String(error));
    assert.equal(error.kind, kind, error.message);
    return true;
  };

/** Retries while the store is unavailable, as a client does. */
export const untilAvailable = async <Result>(work: () => Promise<Result>): Promise<Result> => {
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
  untilAvailable(() => refreshed(store, use));

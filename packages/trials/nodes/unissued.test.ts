import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { NOW_MS, OVERLAP_POLICY, STRICT_POLICY } from '../support/samples.ts';
import { startCluster } from '../support/postgres/cluster.ts';
import type { Cluster } from '../support/postgres/cluster.ts';
import { REFRESH } from './refresh-bytes.ts';
import {
  EXCHANGE_REQUEST,
  fillServed,
  NEW_RING,
  OLD_RING,
  openServedNode,
  REFRESH_REQUEST,
} from './served-node.ts';
import type { ServedNode } from './served-node.ts';
import { openWireProxy } from '../support/postgres/wire-proxy.ts';
import type { WireProxy } from '../support/postgres/wire-proxy.ts';

const TITLE = 'a use that a node could not make tokens for';
/** Longer than an overlap of 60 seconds, and than any race. */
const LATER_MS = NOW_MS + 3_600_000;

type Nodes = {
  /** Has both keys, and is behind the proxy. */
  readonly first: ServedNode;
  /** Has only the old key. */
  readonly second: ServedNode;
  /** Has both keys. */
  readonly third: ServedNode;
  readonly proxy: WireProxy;
  readonly read: (sql: string) => Promise<unknown>;
};

const started = await startCluster();
if ('reason' in started) test(TITLE, { skip: started.reason }, () => {});
else {
  after(() => started.remove());
  describe(TITLE, () => tryUnissued(started));
}

function tryUnissued(cluster: Cluster): void {
  let count = 0;

  const onNodes = (name: string, policy: typeof OVERLAP_POLICY, body: (nodes: Nodes) => Promise<void>) => {
    test(name, async () => {
      const database = `unissued_${++count}`;
      await cluster.createDatabase(database);
      const proxy = await openWireProxy(cluster.port);
      const first = await openServedNode(cluster.url(database, proxy.port), NEW_RING);
      const second = await openServedNode(cluster.url(database), OLD_RING);
      const third = await openServedNode(cluster.url(database), NEW_RING);
      try {
        await fillServed(first.store, policy);
        await second.store.readClient('client-a');
        const read = async (sql: string): Promise<unknown> =>
          Object.values((await cluster.ask(sql, database))[0] ?? {})[0];
        await body({ first, second, third, proxy, read });
      } finally {
        await Promise.all([first, second, third].map(({ store }) => store.close()));
        await proxy.close();
      }
    });
  };

  for (const [name, policy, retryMs] of [
    ['strict, at once', STRICT_POLICY, NOW_MS + 10],
    ['strict, an hour later', STRICT_POLICY, LATER_MS],
    ['overlap, an hour later', OVERLAP_POLICY, LATER_MS],
  ] as const) {
    /** The first node rotates the token under the new key, and its answer is lost. */
    const loseRefresh = async ({ first, second, third, proxy, read }: Nodes): Promise<void> => {
      const met = proxy.fail('hold', REFRESH[0]);
      const answer = first.ask(REFRESH_REQUEST);
      await met;
      while ((await read('SELECT generation::integer FROM grants WHERE id = 42')) !== 1);
      proxy.refuse(true);
      assert.equal((await answer).kind, 'outage');
      proxy.refuse(false);
      while ((await read('SELECT issued_by::text FROM grants WHERE id = 42')) !== '0');
      for (const { state } of [first, second, third]) state.nowMs = retryMs;
      assert.equal((await second.ask(REFRESH_REQUEST)).kind, 'outage');
    };

    onNodes(`a refresh is answered by another node: ${name}`, policy, async (nodes) => {
      await loseRefresh(nodes);
      const { third } = nodes;
      assert.equal((await third.askUntilAnswered(REFRESH_REQUEST)).kind, 'granted');
      third.state.nowMs += 3_600_000;
      assert.equal((await third.askUntilAnswered(REFRESH_REQUEST)).kind, 'dead');
    });

    onNodes(`a refresh is answered by the same node, once it has the key: ${name}`, policy, async (nodes) => {
      await loseRefresh(nodes);
      const { second } = nodes;
      assert.equal((await second.ask(REFRESH_REQUEST)).kind, 'outage');
      second.state.ring = NEW_RING;
      assert.equal((await second.askUntilAnswered(REFRESH_REQUEST)).kind, 'granted');
      second.state.nowMs += 3_600_000;
      assert.equal((await second.askUntilAnswered(REFRESH_REQUEST)).kind, 'dead');
    });
  }

  onNodes('a repeat within the overlap is answered after it', OVERLAP_POLICY, async ({ first, second }) => {
    assert.equal((await first.ask(REFRESH_REQUEST)).kind, 'granted');
    second.state.nowMs += 59_000;
    assert.equal((await second.ask(REFRESH_REQUEST)).kind, 'outage');
    second.state.nowMs = LATER_MS;
    second.state.ring = NEW_RING;
    assert.equal((await second.askUntilAnswered(REFRESH_REQUEST)).kind, 'granted');
    assert.equal((await second.askUntilAnswered(REFRESH_REQUEST)).kind, 'dead');
  });

  onNodes(
    'a repeat within the overlap is answered after it by another node',
    OVERLAP_POLICY,
    async (nodes) => {
      const { first, second, third, read } = nodes;
      assert.equal((await first.ask(REFRESH_REQUEST)).kind, 'granted');
      second.state.nowMs += 59_000;
      assert.equal((await second.ask(REFRESH_REQUEST)).kind, 'outage');
      while ((await read('SELECT issued_by::text FROM grants WHERE id = 42')) !== '0');
      for (const { state } of [second, third]) state.nowMs = LATER_MS;
      second.state.ring = NEW_RING;
      assert.equal((await third.askUntilAnswered(REFRESH_REQUEST)).kind, 'granted');
      assert.equal((await second.askUntilAnswered(REFRESH_REQUEST)).kind, 'dead');
    },
  );

  onNodes('a code is exchanged at another node', STRICT_POLICY, async (nodes) => {
    await loseExchange(nodes);
    const { third } = nodes;
    assert.equal((await third.askUntilAnswered(EXCHANGE_REQUEST)).kind, 'granted');
    assert.equal((await third.askUntilAnswered(EXCHANGE_REQUEST)).kind, 'dead');
  });

  onNodes('a code is exchanged at the same node, once it has the key', STRICT_POLICY, async (nodes) => {
    await loseExchange(nodes);
    const { second } = nodes;
    second.state.ring = NEW_RING;
    assert.equal((await second.askUntilAnswered(EXCHANGE_REQUEST)).kind, 'granted');
    assert.equal((await second.askUntilAnswered(EXCHANGE_REQUEST)).kind, 'dead');
  });
}

/** The first node makes the grant of a code under the new key, and its answer is lost. */
const loseExchange = async ({ first, second, proxy, read }: Nodes): Promise<void> => {
  const met = proxy.fail('hold', 'COMMIT\0');
  const answer = first.ask(EXCHANGE_REQUEST);
  await met;
  while ((await read('SELECT count(*)::integer FROM grants WHERE id = 43')) !== 1);
  proxy.refuse(true);
  assert.equal((await answer).kind, 'outage');
  proxy.refuse(false);
  while ((await read('SELECT issued_by::text FROM codes WHERE grant_id = 43')) !== '0');
  assert.equal((await second.ask(EXCHANGE_REQUEST)).kind, 'outage');
};

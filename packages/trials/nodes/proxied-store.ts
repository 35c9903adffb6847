import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { StoreError } from '@keyfob/server/errors';
import type { Store } from '@keyfob/server/stores';
import { openPostgresStore } from '@keyfob/server/stores/postgres';
import type { PostgresOptions } from '@keyfob/server/stores/postgres';
import { CREATED_AT_MS, fill, STRICT_POLICY } from '../support/samples.ts';
import { startCluster } from '../support/postgres/cluster.ts';
import type { Cluster } from '../support/postgres/cluster.ts';
import { openWireProxy } from '../support/postgres/wire-proxy.ts';
import type { WireProxy } from '../support/postgres/wire-proxy.ts';

/** A revocation by an operator. */
export const REVOCATION = { nowMs: CREATED_AT_MS + 1000, cause: 'operator' } as const;

/** A store with a strict client and one grant, in a fresh database behind a proxy. */
export type ProxiedStore = {
  readonly store: Store;
  readonly proxy: WireProxy;
  readonly database: string;
  readonly readGeneration: () => Promise<number | undefined>;
};

type Trial = {
  readonly cluster: Cluster;
  onStore(
    name: string,
    body: (opened: ProxiedStore) => Promise<void>,
    limits?: PostgresOptions['limits'],
  ): void;
};

/** Describes tests of a store behind a proxy, on a cluster of their own. */
export const describeProxiedStore = async (title: string, declare: (trial: Trial) => void): Promise<void> => {
  const cluster = await startCluster();
  if ('reason' in cluster) return test(title, { skip: cluster.reason }, () => {});
  after(() => cluster.remove());
  let count = 0;
  const onStore: Trial['onStore'] = (name, body, limits = {}) => {
    test(name, async () => {
      const database = `proxied_${++count}`;
      await cluster.createDatabase(database);
      const proxy = await openWireProxy(cluster.port);
      try {
        // No report to other nodes is counted among the round trips.
        const node = { epochMs: 2 ** 30 };
        const store = await openPostgresStore(cluster.url(database, proxy.port), { limits, node });
        await fill(store, STRICT_POLICY);
        const readGeneration = async () => (await store.readGrant(42n))?.generation;
        await body({ store, proxy, database, readGeneration });
        await store.close();
      } finally {
        await proxy.close();
      }
    });
  };
  describe(title, () => declare({ cluster, onStore }));
};

export const failsAs =
  (kind: StoreError['kind'], text = '') =>
  (error: unknown): boolean => {
    assert.ok(error instanceof StoreError, String(error));
    assert.equal(error.kind, kind, error.message);
    assert.ok(error.message.includes(text), error.message);
    return true;
  };

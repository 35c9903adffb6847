import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { OperatorError } from '@keyfob/server/errors';
import { copyStore, openSqliteEndpoint, openSqliteStore } from '@keyfob/server/stores';
import type { CopyEndpoint, Store } from '@keyfob/server/stores';
import { openPostgresEndpoint, openPostgresStore } from '@keyfob/server/stores/postgres';
import { startCluster } from '../../support/postgres/cluster.ts';

/** The location of a store. The first opening creates the store. */
export type StoreLocation = {
  openStore(): Promise<Store>;
  openEndpoint(role: 'source' | 'target'): Promise<CopyEndpoint>;
};

/** The kinds of stores of one copy. `skip`: the reason if this machine lacks one of them. */
export type StorePair = {
  readonly way: string;
  readonly makeFrom: () => Promise<StoreLocation>;
  readonly makeTo: () => Promise<StoreLocation>;
  readonly skip: string | false;
};

/** Prepares every pair of stores for the tests of one file. */
export const prepareStorePairs = async (): Promise<readonly StorePair[]> => {
  const directory = mkdtempSync(join(tmpdir(), 'keyfob-copying-'));
  const cluster = await startCluster();
  after(async () => {
    rmSync(directory, { recursive: true, force: true });
    if (!('reason' in cluster)) await cluster.remove();
  });
  let count = 0;
  const sqlite = async (): Promise<StoreLocation> => {
    const path = join(directory, `keyfob-${++count}.db`);
    return {
      openStore: async () => openSqliteStore(path),
      openEndpoint: async (role) => openSqliteEndpoint(path, role),
    };
  };
  const postgres = async (): Promise<StoreLocation> => {
    if ('reason' in cluster) throw new Error(cluster.reason);
    const name = `copy_${++count}`;
    await cluster.createDatabase(name);
    const url = cluster.url(name);
    return {
      openStore: () => openPostgresStore(url, { clientCacheMs: 0 }),
      openEndpoint: (role) => openPostgresEndpoint(url, role),
    };
  };
  const skip = 'reason' in cluster ? cluster.reason : false;
  return [
    { way: 'SQLite to SQLite', makeFrom: sqlite, makeTo: sqlite, skip: false },
    { way: 'SQLite to PostgreSQL', makeFrom: sqlite, makeTo: postgres, skip },
    { way: 'PostgreSQL to SQLite', makeFrom: postgres, makeTo: sqlite, skip },
  ];
};

const now = () => performance.now();

/** Copies between these endpoints and closes them. */
export const copyBetween = async (source: CopyEndpoint, target: CopyEndpoint, isSwitching: boolean) => {
  try {
    return await copyStore({
      source,
      target,
      isSwitching,
      checkKeys: async () => {},
      onProgress: () => {},
      now,
    });
  } finally {
    await source.close();
    await target.close();
  }
};

export const copy = async (from: StoreLocation, to: StoreLocation, isSwitching = true) =>
  copyBetween(await from.openEndpoint('source'), await to.openEndpoint('target'), isSwitching);

/** Opens a store, works with it and closes it. */
export const withStore = async <Result>(
  place: StoreLocation,
  work: (store: Store) => Promise<Result>,
): Promise<Result> => {
  const store = await place.openStore();
  try {
    return await work(store);
  } finally {
    await store.close();
  }
};

export const isOperatorError = (code: string) => (error: unknown) =>
  error instanceof OperatorError && error.code === code;

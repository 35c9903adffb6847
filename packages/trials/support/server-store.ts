import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openSqliteStore } from '@keyfob/server/stores';
import type { Store } from '@keyfob/server/stores';
import { openPostgresStore } from '@keyfob/server/stores/postgres';
import { makeDataDirectory, removeDataDirectory, runKeyfob } from './keyfob-process.ts';
import { startCluster } from './postgres/cluster.ts';
import type { Cluster } from './postgres/cluster.ts';
import type { Skipped } from './skipped.ts';

/** Where a server under trial stores its data: the options for the server and for every command on the same store. */
export type Home = {
  readonly dataDirectory: string;
  readonly environment: Readonly<Record<string, string>>;
};

export type StoreKind = 'sqlite' | 'postgres';

/** A home that the caller must remove. */
export type OwnHome = Home & {
  /** Opens the store directly, in addition to its servers. */
  openStore(): Promise<Store>;
  remove(): Promise<void>;
};

/** Creates a home with an empty store, or returns why this machine cannot have one. */
export const makeHome = async (store: StoreKind): Promise<OwnHome | Skipped> => {
  if (store === 'postgres') {
    const cluster = await startCluster();
    return 'reason' in cluster ? { skipped: cluster.reason } : makePostgresHome(cluster);
  }
  const dataDirectory = makeDataDirectory();
  return {
    dataDirectory,
    environment: {},
    openStore: async () => openSqliteStore(join(dataDirectory, 'keyfob.db')),
    remove: async () => removeDataDirectory(dataDirectory),
  };
};

/** Creates the home of nodes that share this cluster and connect through `port`. Removing the home removes the cluster. */
export const makePostgresHome = (cluster: Cluster, port = cluster.port): Promise<OwnHome> =>
  makeHomeAt(cluster.url('postgres', port), cluster.remove);

/** Creates the home of nodes that share the database at this address. Removing the home removes the database too. */
export const makeHomeAt = async (url: string, removeDatabase: () => Promise<void>): Promise<OwnHome> => {
  const dataDirectory = makeDataDirectory();
  const keyFile = join(dataDirectory, 'keyfob.key');
  const { stdout } = await runKeyfob(['keys', 'create']);
  writeFileSync(keyFile, stdout, { mode: 0o600 });
  return {
    dataDirectory,
    environment: { KEYFOB_STORE: url, KEYFOB_KEY_FILE: keyFile },
    openStore: () => openPostgresStore(url),
    async remove() {
      await removeDatabase();
      removeDataDirectory(dataDirectory);
    },
  };
};

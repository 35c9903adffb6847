import { tmpdir } from 'node:os';
import { startCluster } from '../../support/postgres/cluster.ts';
import type { Cluster } from '../../support/postgres/cluster.ts';
import type { Skipped } from '../../support/skipped.ts';

/** The number of rows in each updated table. It is large enough that PostgreSQL uses the primary key instead of a scan. */
export const ROWS = 10_000;

/** More connections than any target opens. */
const CONNECTIONS_MAX = 300;

/** Starts a new PostgreSQL on disk with the settings of `initdb`, except for the number of connections. */
export const openDatabase = async (): Promise<Cluster | Skipped> => {
  const settings = { max_connections: String(CONNECTIONS_MAX) };
  const cluster = await startCluster({ within: tmpdir(), settings });
  return 'reason' in cluster ? { skipped: cluster.reason } : cluster;
};

/** Describes the version and the settings of PostgreSQL, first of all those that decide what a crash can lose. */
export const describeDatabase = async ({ ask }: Cluster): Promise<string> => {
  const setting = async (name: string): Promise<string> =>
    Object.values((await ask<Record<string, string>>(`SHOW ${name}`))[0] ?? {})[0] ?? 'unknown';
  const [version, fsync, commit] = [
    await setting('server_version'),
    await setting('fsync'),
    await setting('synchronous_commit'),
  ];
  return `PostgreSQL ${version} with the settings of initdb (fsync ${fsync}, synchronous_commit ${commit})`;
};

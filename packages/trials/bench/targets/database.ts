import { tmpdir } from 'node:os';
import { startCluster } from '../../support/postgres/cluster.ts';
import type { Cluster } from '../../support/postgres/cluster.ts';
import type { Skipped } from '../../support/skipped.ts';

/** As many rows as every table has that is updated, so that a row is found by its primary key and not by reading them all. */
export const ROWS = 10_000;

/** Of more than any target opens. */
const CONNECTIONS_MAX = 300;

/** A PostgreSQL of its own on the disk, set up as `initdb` does but for the number of connections. */
export const openDatabase = async (): Promise<Cluster | Skipped> => {
  const settings = { max_connections: String(CONNECTIONS_MAX) };
  const cluster = await startCluster({ within: tmpdir(), settings });
  return 'reason' in cluster ? { skipped: cluster.reason } : cluster;
};

/** Its version in one sentence, with what is measured of it. */
export const describeDatabase = async ({ ask }: Cluster): Promise<string> => {
  const [row] = await ask<{ server_version: string }>('SHOW server_version');
  return `PostgreSQL ${row?.server_version ?? 'of unknown version'}, its settings those of initdb`;
};

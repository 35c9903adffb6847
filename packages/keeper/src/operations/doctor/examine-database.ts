import { bad, ok } from './finding.ts';
import type { Finding } from './finding.ts';

const LIMITS = { connectionsMax: 1, connectTimeoutMs: 5000, statementTimeoutMs: 5000 };

const READ = `SELECT current_setting('server_version') AS version, current_setting('fsync') AS fsync,
  current_setting('full_page_writes') AS pages, current_setting('synchronous_standby_names') AS standbys,
  pg_is_in_recovery() AS standby, (SELECT count(*) FROM pg_stat_replication) AS replicas`;

/** Checks a PostgreSQL database: whether a commit is on disk, and whether a failover can lose one. */
export const examineDatabase = async (url: string): Promise<readonly Finding[]> => {
  const { openConnections } = await import('../../stores/postgres/connections.ts');
  const connections = openConnections(url, LIMITS);
  try {
    const [row = {}] = await connections.read(READ);
    const replicas = Number(row['replicas']);
    return [
      ok('store', `PostgreSQL ${String(row['version']).split(' ')[0]}`),
      row['fsync'] === 'on' && row['pages'] === 'on'
        ? ok('durability', 'on disk at every commit')
        : bad(
            'durability',
            'fail',
            'fsync or full_page_writes is off: a crash can undo refreshes',
            'Set both to on in postgresql.conf.',
          ),
      replicas > 0 && row['standbys'] === ''
        ? bad(
            'failover',
            'warn',
            `${replicas} replicas follow asynchronously: a failover can undo the last refreshes, and their tokens are used up`,
            'Set synchronous_standby_names, so that a commit waits for a replica.',
          )
        : ok('failover', replicas > 0 ? 'commits wait for a replica' : 'no replica follows'),
    ];
  } finally {
    await connections.close();
  }
};

import { newestSchema, readSchema } from './migrations.ts';
import type { Connections } from './pool.ts';

/** What an inspection finds in the database that is the store. */
export type PostgresFacts = {
  readonly version: string;
  readonly schema: number;
  readonly newestSchema: number;
  /** About how many; -1 where the database has not counted them yet. */
  readonly grants: number;
  readonly synchronousCommit: string;
  /** The standbys that a commit waits for, as PostgreSQL has it; empty for none. */
  readonly standbys: string;
  /** There and back, milliseconds. */
  readonly roundTripMs: number;
  /** How far the clock of the database is ahead of this machine's. */
  readonly clockAheadMs: number;
};

const SELECT = `SELECT current_setting('server_version') AS version,
  coalesce(current_setting('synchronous_commit', true), 'on') AS synchronous_commit,
  coalesce(current_setting('synchronous_standby_names', true), '') AS standbys,
  floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now_ms,
  (SELECT reltuples::bigint FROM pg_class WHERE oid = to_regclass('grants')) AS grants`;

export const inspect = async (connections: Connections): Promise<PostgresFacts> => {
  const schema = await readSchema(connections);
  const asked = performance.now();
  const askedAtMs = Date.now();
  const [row = {}] = await connections.read(SELECT);
  const roundTripMs = performance.now() - asked;
  return {
    version: String(row['version']),
    schema,
    newestSchema: newestSchema(),
    grants: Number(row['grants'] ?? 0),
    synchronousCommit: String(row['synchronous_commit']),
    standbys: String(row['standbys']),
    roundTripMs,
    clockAheadMs: Number(row['now_ms']) - askedAtMs - roundTripMs / 2,
  };
};

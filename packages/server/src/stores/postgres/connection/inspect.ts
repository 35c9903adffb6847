import { transportOf } from './address.ts';
import type { Transport } from './address.ts';
import { newestSchema, readSchema } from './migrations.ts';
import type { Connections } from './pool.ts';

/** What an inspection finds out about a database. */
export type PostgresFacts = {
  readonly version: string;
  readonly schema: number;
  readonly newestSchema: number;
  /** An estimate; -1 where the database has not counted them yet. */
  readonly grants: number;
  readonly synchronousCommit: string;
  /** `synchronous_standby_names`: the standbys that a commit waits for; empty for none. */
  readonly standbys: string;
  /** Of one statement, in milliseconds. */
  readonly roundTripMs: number;
  readonly transport: Transport;
};

const SELECT = `SELECT current_setting('server_version') AS version,
  coalesce(current_setting('synchronous_commit', true), 'on') AS synchronous_commit,
  coalesce(current_setting('synchronous_standby_names', true), '') AS standbys,
  (SELECT reltuples::bigint FROM pg_class WHERE oid = to_regclass('grants')) AS grants`;

export const inspect = async (connections: Connections): Promise<PostgresFacts> => {
  const schema = await readSchema(connections);
  const started = performance.now();
  const [row = {}] = await connections.read(SELECT);
  const roundTripMs = performance.now() - started;
  return {
    version: String(row['version']),
    schema,
    newestSchema: newestSchema(),
    grants: Number(row['grants'] ?? 0),
    synchronousCommit: String(row['synchronous_commit']),
    standbys: String(row['standbys']),
    roundTripMs,
    transport: transportOf(connections.address),
  };
};

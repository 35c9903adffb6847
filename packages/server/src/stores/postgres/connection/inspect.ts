import type { Millis } from '../../../clock.ts';
import { transportOf } from './address.ts';
import type { Transport } from './address.ts';
import { SELECT_FACTS } from './engine.ts';
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
  readonly roundTripMs: Millis;
  readonly transport: Transport;
};

export const inspect = async (connections: Connections): Promise<PostgresFacts> => {
  const schema = await readSchema(connections);
  const started = performance.now();
  const [row = {}] = await connections.read(SELECT_FACTS);
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

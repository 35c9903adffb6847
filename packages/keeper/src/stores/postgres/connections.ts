import { Pool } from 'pg';
import type { PoolClient } from 'pg';
import type { Millis } from '../../time.ts';
import { columnParserOf } from './column-parser.ts';
import { isCut, isOfConnection, toStoreError } from './failures.ts';
import { send } from './send.ts';
import type { Query } from './send.ts';
import { createTransact } from './transaction.ts';
import type { Transact } from './transaction.ts';

/** How the verbs talk to their database. Each throws `StoreError`. Nothing depends on what a session remembers. */
export type Connections = {
  /** One statement that changes nothing. */
  readonly read: Query;
  /** One statement in a transaction of its own. */
  readonly write: Query;
  readonly transact: Transact;
  /** For what makes the tables. */
  readonly transactUnmarked: Transact;
  close(): Promise<void>;
};

/** How long the store waits, and how wide its pool is. */
export type PostgresLimits = {
  readonly connectionsMax: number;
  /** For a connection, new or released by another caller. */
  readonly connectTimeoutMs: Millis;
  /** For the answer to a statement; and for an idle transaction, until the database ends it. */
  readonly statementTimeoutMs: Millis;
};

const READS_MAX = 3;

const ignore = (): void => undefined;

/** Opens a pool. A connection is made when it is needed, and dropped at its first failure. */
export const openConnections = (url: string, limits: PostgresLimits): Connections => {
  const pool = new Pool({
    connectionString: url,
    max: limits.connectionsMax,
    connectionTimeoutMillis: limits.connectTimeoutMs,
    keepAlive: true,
    allowExitOnIdle: true,
    application_name: 'keyfob-keeper',
    types: { getTypeParser: columnParserOf as never },
  });
  let closing: Promise<void> | undefined;
  pool.on('error', ignore);
  // The statement under way reports what a lost connection means.
  pool.on('connect', (client) => void client.on('error', ignore));

  const connect = async (): Promise<PoolClient> => {
    try {
      return await pool.connect();
    } catch (error) {
      throw toStoreError(error);
    }
  };

  const readOnce: Query = async (statement, values = {}) => {
    const client = await connect();
    let failure: unknown;
    try {
      return await send(client, statement, values, limits.statementTimeoutMs);
    } catch (error) {
      failure = error;
      throw error;
    } finally {
      client.release(failure !== undefined && isOfConnection(failure));
    }
  };

  const read: Query = async (statement, values) => {
    for (let tries = 1; ; tries++) {
      try {
        return await readOnce(statement, values);
      } catch (error) {
        if (tries === READS_MAX || !isCut(error)) throw toStoreError(error);
      }
    }
  };

  const source = { connect, read: readOnce, timeoutMs: limits.statementTimeoutMs };
  const transact = createTransact({ ...source, isMarked: true });
  return {
    read,
    transact,
    transactUnmarked: createTransact({ ...source, isMarked: false }),
    write: (statement, values) => transact((query) => query(statement, values)),
    close: () => (closing ??= pool.end()),
  };
};

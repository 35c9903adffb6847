import { Pool } from 'pg';
import type { ClientBase, PoolClient } from 'pg';
import { checkDurable } from './durability.ts';
import { isLost, isUndone, toStoreError } from './errors.ts';
import { createReconnecting } from './reconnecting.ts';
import { createStatementNames } from './statement-names.ts';
import { attempt, retryUndone } from './transaction.ts';
import type { Ask, Row, Transaction } from './transaction.ts';

export type TransactionOptions = {
  /** For the answer to each statement, where that is known to take longer than usual. */
  readonly patienceMs?: number;
};

/** The ways of a store to its database. Each throws `StoreError`. */
export type Connections = {
  /** One statement that changes nothing. Asked once more where the connection was lost. */
  readonly read: Ask;
  /** One statement that changes something, committed by itself. */
  readonly write: Ask;
  /** Work in a transaction; done again from the start where others were in its way. */
  transact<Result>(
    work: (transaction: Transaction) => Promise<Result>,
    options?: TransactionOptions,
  ): Promise<Result>;
  /** After everything that was asked for is answered. */
  close(): Promise<void>;
};

export type PoolLimits = {
  readonly connectionsMax: number;
  /** For a connection, whether it has to be made or to be given back by somebody. */
  readonly connectTimeoutMs: number;
  /** For the answer to a statement. */
  readonly answerTimeoutMs: number;
};

export const POOL_LIMITS: PoolLimits = {
  connectionsMax: 10,
  connectTimeoutMs: 2000,
  answerTimeoutMs: 3000,
};

const ignore = (): void => {};

/**
 * A pool of connections to the primary. A connection is made when it is wanted and dropped at its first failure, so the
 * store recovers by itself. Nothing rests on what a session remembers, so that a pooler may hand every transaction to another
 * connection; where there is none, statements are planned once. `onDeliveries` is called when a commit brought deliveries
 * that are due.
 */
export const openConnections = (
  url: string,
  limits: PoolLimits,
  onDeliveries: () => void = ignore,
): Connections => {
  const statementNames = createStatementNames();
  const reconnecting = createReconnecting<PoolClient>((client) => client.release());
  const greet = async (client: ClientBase): Promise<void> => {
    await checkDurable(client);
    await statementNames.noticeSession(client);
  };
  const pool = new Pool({
    connectionString: url,
    max: limits.connectionsMax,
    connectionTimeoutMillis: limits.connectTimeoutMs,
    query_timeout: limits.answerTimeoutMs,
    pipeline: true,
    keepAlive: true,
    application_name: 'keyfob',
    // The pool waits for it, though its type does not say so.
    onConnect: (client) => greet(client) as unknown as void,
  });
  // Of a connection that was idle: whoever wants one next gets another.
  pool.on('error', ignore);

  const connect = async (): Promise<PoolClient> => {
    const client = await reconnecting(() => pool.connect()).catch((error: unknown) => {
      throw toStoreError(error, 'unavailable');
    });
    // What a lost connection means is told by the statement that it was lost under.
    client.on('error', ignore);
    return client;
  };

  const askOnce: Ask = async (text, values = []) => {
    const client = await connect();
    const name = values.length === 0 ? undefined : statementNames.nameFor(client, text);
    let failure: unknown;
    try {
      return (await client.query<Row>({ text, values: [...values], ...(name && { name }) })).rows;
    } catch (error) {
      failure = error;
      if (name === undefined || !statementNames.isToBlame(error)) throw error;
    } finally {
      giveBack(client, failure);
    }
    // Nothing was done, and no statement has a name from now on.
    return askOnce(text, values);
  };

  const read: Ask = async (text, values) => {
    try {
      return await retryLost(() => askOnce(text, values));
    } catch (error) {
      throw toStoreError(error, 'unavailable');
    }
  };

  const write: Ask = async (text, values) => {
    try {
      return await askOnce(text, values);
    } catch (error) {
      throw toStoreError(error, isUndone(error) ? 'unavailable' : 'outcome_unknown');
    }
  };

  return {
    read,
    write,
    transact: (work, { patienceMs = limits.answerTimeoutMs } = {}) =>
      retryUndone(async () => {
        const client = await connect();
        const ending = await attempt(client, work, patienceMs);
        giveBack(client, 'failure' in ending ? ending.failure : undefined);
        if (ending.kind === 'committed' && ending.hasDeliveries) onDeliveries();
        return ending;
      }),
    close: () => pool.end(),
  };
};

/** Gives a connection back to its pool; one that failed is dropped. */
const giveBack = (client: PoolClient, failure: unknown): void => {
  client.removeListener('error', ignore);
  client.release(failure !== undefined && !isUndone(failure));
};

/** Once more on another connection: one that was idle may have been cut long ago. */
const retryLost = async <Result>(work: () => Promise<Result>): Promise<Result> => {
  try {
    return await work();
  } catch (error) {
    if (!isLost(error)) throw error;
    return work();
  }
};

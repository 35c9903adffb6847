import { Pool } from 'pg';
import type { ClientBase, PoolClient } from 'pg';
import type { Millis } from '../../../clock.ts';
import { OperatorError } from '../../../errors.ts';
import type { StoreFigures } from '../../../grants/store.ts';
import { createCommitCounts } from '../../commit-counts.ts';
import { readAddress } from './address.ts';
import type { PostgresAddress, PostgresHost } from './address.ts';
import { checkDatabase } from './check-database.ts';
import { isOfStandby, isUndone, toStoreError } from './errors.ts';
import { createHosts } from './hosts.ts';
import { createReconnecting } from './reconnecting.ts';
import { createStatementNames } from './statement-names.ts';
import { tlsOptionsOf } from './tls.ts';
import { attempt, retryUndone } from './transaction.ts';
import type { Ending, Query, Row, Transaction } from './transaction.ts';

export type TransactionOptions = {
  /** For the answer to each statement, where it is known to take longer than usual. */
  readonly timeoutMs?: Millis;
};

/** How a store talks to its database. Each function throws `StoreError`. */
export type Connections = {
  readonly address: PostgresAddress;
  /** One statement that changes nothing. It is sent again where other transactions were in its way, or the connection was lost. */
  readonly read: Query;
  /** One statement that changes something, committed by itself. It is sent again where other transactions were in its way. */
  readonly write: Query;
  /** Work in a transaction; repeated from the start where other transactions were in its way. */
  transact<Result>(
    work: (transaction: Transaction) => Promise<Result>,
    options?: TransactionOptions,
  ): Promise<Result>;
  /** How much was committed, and how busy the connections are. */
  figures(): StoreFigures;
  /** To be called after every statement is answered. */
  close(): Promise<void>;
};

export type PoolLimits = {
  readonly connectionsMax: number;
  /** For a connection, whether it has to be opened or to be released by another caller. */
  readonly connectTimeoutMs: Millis;
  /** For the answer to a statement. */
  readonly answerTimeoutMs: Millis;
};

export const POOL_LIMITS: PoolLimits = {
  connectionsMax: 10,
  connectTimeoutMs: 2000,
  answerTimeoutMs: 3000,
};

const ignore = (): void => {};

/**
 * A pool of connections to the primary, which is one of the hosts of the address. A connection is opened when it is needed and dropped at its first failure, so the
 * store recovers by itself. Nothing depends on what a session remembers, so a pooler may route every transaction to another
 * session; without a pooler, statements are planned once. `onDeliveries` is called when a commit added deliveries
 * that are due.
 */
export const openConnections = (
  url: string,
  limits: PoolLimits,
  onDeliveries: () => void = ignore,
): Connections => {
  const statementNames = createStatementNames();
  const reconnecting = createReconnecting<PoolClient>((client) => client.release());
  const onConnect = async (client: ClientBase): Promise<void> => {
    await checkDatabase(client);
    await statementNames.noticeSession(client);
  };
  const address = readAddress(url, process.env);
  if ('fault' in address) throw wrongAddress(address.fault);
  const pools = address.hosts.map((host) => openPool(host, address, limits, onConnect));
  const connectToPrimary = createHosts(
    pools.map((pool, index) => ({ name: address.hosts[index]?.name ?? '', connect: () => pool.connect() })),
  );

  const connect = async (): Promise<PoolClient> => {
    const client = await reconnecting(connectToPrimary).catch((error: unknown) => {
      throw toStoreError(error, 'unavailable');
    });
    // The statement under way reports what a lost connection means.
    client.on('error', ignore);
    return client;
  };

  const queryOnce: Query = async (text, values = []) => {
    const client = await connect();
    const name = values.length === 0 ? undefined : statementNames.nameFor(client, text);
    let failure: unknown;
    try {
      return (await client.query<Row>({ text, values: [...values], ...(name && { name }) })).rows;
    } catch (error) {
      failure = error;
      if (name === undefined || !statementNames.isStalePlan(error)) throw error;
    } finally {
      release(client, failure);
    }
    // Nothing was done, and no statement gets a name from now on.
    return queryOnce(text, values);
  };

  /** A statement by itself. `whenLost`: what it means for it if its connection is lost. */
  const runOnce = async (
    text: string,
    values: readonly unknown[] | undefined,
    whenLost: 'undone' | 'outcome_unknown',
  ): Promise<Ending<readonly Row[]>> => {
    try {
      return { kind: 'committed', result: await queryOnce(text, values), hasDeliveries: false };
    } catch (failure) {
      return { kind: isUndone(failure) ? 'undone' : whenLost, failure };
    }
  };

  const commits = createTimedCommits();

  return {
    address,
    read: (text, values) => retryUndone(() => runOnce(text, values, 'undone')),
    write: (text, values) => commits.time(() => retryUndone(() => runOnce(text, values, 'outcome_unknown'))),
    transact: (work, { timeoutMs = limits.answerTimeoutMs } = {}) =>
      commits.time(() =>
        retryUndone(async () => {
          const client = await connect();
          const ending = await attempt(client, work, timeoutMs);
          release(client, 'failure' in ending ? ending.failure : undefined);
          if (ending.kind === 'committed' && ending.hasDeliveries) onDeliveries();
          return ending;
        }),
      ),
    figures: () => ({ ...commits.figures(), connections: countConnections(pools) }),
    close: async () => void (await Promise.all(pools.map((pool) => pool.end()))),
  };
};

/** Counts what is under way, and with `createCommitCounts` what was committed, waiting for a connection included. */
const createTimedCommits = () => {
  const counts = createCommitCounts();
  let underWay = 0;
  return {
    async time<Result>(commit: () => Promise<Result>): Promise<Result> {
      const beganAtMs = performance.now();
      underWay++;
      try {
        const result = await commit();
        counts.note(1, beganAtMs);
        return result;
      } finally {
        underWay--;
      }
    },
    figures: () => counts.figures(underWay),
  };
};

const countConnections = (pools: readonly Pool[]) => {
  const sum = (valueOf: (pool: Pool) => number): number =>
    pools.reduce((total, pool) => total + valueOf(pool), 0);
  const idle = sum(({ idleCount }) => idleCount);
  return {
    idle,
    busy: sum(({ totalCount }) => totalCount) - idle,
    awaited: sum((pool) => pool.waitingCount),
  };
};

const openPool = (
  host: PostgresHost,
  address: PostgresAddress,
  limits: PoolLimits,
  onConnect: (client: ClientBase) => Promise<void>,
): Pool => {
  // The driver knows it, though its types do not say so.
  const negotiation: object = address.tls.isDirect ? { sslnegotiation: 'direct' } : {};
  const pool = new Pool({
    ...negotiation,
    connectionString: host.url,
    ssl: tlsOptionsOf(address),
    max: limits.connectionsMax,
    connectionTimeoutMillis: limits.connectTimeoutMs,
    query_timeout: limits.answerTimeoutMs,
    pipeline: true,
    keepAlive: true,
    application_name: 'keyfob',
    // The pool waits for its promise, though its type does not say so.
    onConnect: (client) => onConnect(client) as unknown as void,
  });
  // An idle connection failed: the next caller gets another one.
  pool.on('error', ignore);
  return pool;
};

const wrongAddress = (fault: string): OperatorError =>
  new OperatorError('store_address_wrong', `the address of the store ${fault}`, 'Correct KEYFOB_STORE.');

/** Returns a connection to its pool; one that failed, or that leads to a standby, is dropped. */
const release = (client: PoolClient, failure: unknown): void => {
  client.removeListener('error', ignore);
  client.release(failure !== undefined && (!isUndone(failure) || isOfStandby(failure)));
};

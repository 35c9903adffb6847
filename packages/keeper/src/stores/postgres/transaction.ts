import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PoolClient } from 'pg';
import { StoreError } from '../../errors.ts';
import type { Millis } from '../../time.ts';
import type { Row } from '../rows.ts';
import { isConflict, isCut, isOfConnection, isUndone, toStoreError } from './failures.ts';
import { decideOutcome, leaveMark, SELECT_NUMBER } from './outcome.ts';
import type { TransactionName } from './outcome.ts';
import { driverLimit, send } from './send.ts';
import type { Query } from './send.ts';

/** Work in one transaction; from the start again where others were in its way. It awaits nothing but its statements. */
export type Transact = <Result>(
  work: (query: Query) => Promise<Result>,
  timeoutMs?: Millis,
) => Promise<Result>;

/** What transactions need of a pool. */
export type TransactionSource = {
  /** Throws `StoreError`. */
  connect(): Promise<PoolClient>;
  /** One statement on another connection, sent once. */
  readonly read: Query;
  readonly timeoutMs: Millis;
  /** Whether transactions leave a mark. Without it, a lost answer to a commit is not decided. */
  readonly isMarked: boolean;
};

/** A lost transaction is ended by the database after `statementTimeoutMs`; then its outcome is known. */
const DECIDE_EXTRA_MS = 2000;
const TRIES_MAX = 8;
const LOSSES_MAX = 3;
const PAUSE_MAX_MS = 20;

/**
 * The settings last as long as the transaction: a pooler gives the session to others afterwards. A commit waits for the disk,
 * also where the database is configured not to.
 */
const beginFor = (timeoutMs: Millis, mark: string | undefined): string =>
  `BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SET LOCAL statement_timeout = ${timeoutMs};
    SET LOCAL idle_in_transaction_session_timeout = ${timeoutMs};
    SELECT set_config('synchronous_commit', 'on', true) WHERE current_setting('synchronous_commit') = 'off';
    ${mark === undefined ? '' : `${leaveMark(mark)};`}
    ${SELECT_NUMBER}`;

type Ending<Result> =
  | { readonly kind: 'committed'; readonly result: Result }
  /** `undone`, or `lost` with its connection: nothing was written. `thrown`: the work itself threw. */
  | { readonly kind: 'undone' | 'lost' | 'thrown'; readonly failure: unknown }
  /** The answer to the commit was lost. */
  | {
      readonly kind: 'unanswered';
      readonly failure: unknown;
      readonly name: TransactionName | undefined;
      readonly result: Result;
    };

/** Transactions on the connections of a pool. Throws `StoreError`. */
export const createTransact =
  ({ connect, read, timeoutMs: usualMs, isMarked }: TransactionSource): Transact =>
  async (work, timeoutMs = usualMs) => {
    let losses = 0;
    for (let tries = 1; ; tries++) {
      const client = await connect();
      const ending = await attempt(client, work, { timeoutMs, mark: isMarked ? randomUUID() : undefined });
      if (ending.kind === 'committed') return ending.result;
      if (ending.kind === 'thrown') throw ending.failure;
      if (ending.kind === 'unanswered') {
        const { name } = ending;
        const outcome =
          name === undefined ? 'unknown' : await decideOutcome(name, read, usualMs + DECIDE_EXTRA_MS);
        if (outcome === 'committed') return ending.result;
        if (outcome === 'unknown') throw toStoreError(ending.failure, 'outcome_unknown');
      }
      if (ending.kind !== 'undone') losses++;
      const isWorthIt =
        ending.kind === 'undone'
          ? isConflict(ending.failure) && tries < TRIES_MAX
          : isCut(ending.failure) && losses < LOSSES_MAX;
      if (!isWorthIt) throw toStoreError(ending.failure);
      await sleep(Math.random() * tries * PAUSE_MAX_MS);
    }
  };

/** Does work in one transaction. Never rejects where the database fails: it answers how the transaction ended. */
const attempt = async <Result>(
  client: PoolClient,
  work: (query: Query) => Promise<Result>,
  { timeoutMs, mark }: { readonly timeoutMs: Millis; readonly mark: string | undefined },
): Promise<Ending<Result>> => {
  const failures = new Set<unknown>();
  const noting = async <Answer>(answer: Promise<Answer>): Promise<Answer> => {
    try {
      return await answer;
    } catch (failure) {
      failures.add(failure);
      throw failure;
    }
  };
  const limit = driverLimit(timeoutMs);
  let name: TransactionName | undefined;
  let done: { readonly result: Result } | undefined;
  try {
    const begun: unknown = await noting(client.query({ ...limit, text: beginFor(timeoutMs, mark) }));
    const number = String((begun as readonly { rows: readonly Row[] }[]).at(-1)?.rows[0]?.['number']);
    if (mark !== undefined) name = { number, mark };
    const result = await work((statement, values = {}) => noting(send(client, statement, values, timeoutMs)));
    done = { result };
    const { command } = await noting(client.query({ ...limit, text: 'COMMIT' }));
    client.release();
    // After a failed statement, the database answers a commit with a rollback, and does not call that an error.
    if (command === 'COMMIT') return { kind: 'committed', result };
    return { kind: 'undone', failure: new StoreError('unavailable', 'the transaction was undone') };
  } catch (failure) {
    const isThrown = !failures.has(failure);
    if (isThrown || !isOfConnection(failure)) {
      await rollBack(client, limit);
      return { kind: isThrown ? 'thrown' : 'undone', failure };
    }
    client.release(true);
    if (done === undefined || isUndone(failure)) return { kind: 'lost', failure };
    return { kind: 'unanswered', failure, name, ...done };
  }
};

const rollBack = async (client: PoolClient, limit: object): Promise<void> => {
  try {
    await client.query({ ...limit, text: 'ROLLBACK' });
    client.release();
  } catch {
    client.release(true);
  }
};

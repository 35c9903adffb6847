import type { PoolClient, QueryResult } from 'pg';
import { StoreError } from '../../../errors.ts';
import { isConflict, isLost, isUndone, toStoreError } from './errors.ts';

/** A value as the driver gives it: 64-bit integers as text. */
export type Value = string | number | boolean | Buffer | null | undefined;

/** A row by the names of its columns. */
export type Row = Readonly<Record<string, Value>>;

/** Asks one statement; what is asked at one moment goes in one packet, and is answered in order. */
export type Ask = (text: string, values?: readonly unknown[]) => Promise<readonly Row[]>;

/** A transaction under way. */
export type Transaction = {
  readonly ask: Ask;
  /** A statement whose answer nobody waits for but the commit, in whose packet it goes. */
  readonly write: (text: string, values?: readonly unknown[]) => void;
  /** It brings deliveries that are due; whoever makes them is told once it is committed. */
  readonly noteDeliveries: () => void;
};

/** How a transaction ended. */
export type Ending<Result> =
  | { readonly kind: 'committed'; readonly result: Result; readonly hasDeliveries: boolean }
  /** Nothing of it was done. */
  | { readonly kind: 'undone'; readonly failure: unknown }
  /** The answer to the commit was lost. */
  | { readonly kind: 'undecided'; readonly failure: unknown }
  /** The work itself threw what is no failure of the database; nothing was done. */
  | { readonly kind: 'thrown'; readonly thrown: unknown };

/**
 * Nothing is set but for the transaction. A node that stops in the middle of one must not hold its rows for ever, nor a
 * statement outlive whoever asked it.
 */
const beginFor = (patienceMs: number): string =>
  `BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL statement_timeout = ${patienceMs}; ` +
  `SET LOCAL idle_in_transaction_session_timeout = ${patienceMs}`;

const ignore = (): void => {};

/** Does work in one transaction. Never rejects: how it ended is what is answered. */
export const attempt = async <Result>(
  client: Pick<PoolClient, 'query'>,
  work: (transaction: Transaction) => Promise<Result>,
  patienceMs: number,
): Promise<Ending<Result>> => {
  const answers: Promise<QueryResult<Row>>[] = [];
  const failures: unknown[] = [];
  const send = (text: string, values?: readonly unknown[]): Promise<QueryResult<Row>> => {
    // The driver knows a time limit for each statement, though its types do not say so.
    const limit: object = { query_timeout: patienceMs };
    const answer = client.query<Row>({
      ...limit,
      text,
      ...(values === undefined ? {} : { values: [...values] }),
    });
    answer.catch((error: unknown) => failures.push(error));
    answers.push(answer);
    return answer;
  };
  send(beginFor(patienceMs)).catch(ignore);
  let result: Result;
  let hasDeliveries = false;
  try {
    result = await work({
      ask: async (text, values) => (await send(text, values)).rows,
      write: (text, values) => void send(text, values),
      noteDeliveries: () => (hasDeliveries = true),
    });
  } catch (thrown) {
    send('ROLLBACK').catch(ignore);
    await Promise.allSettled(answers);
    return failures.length > 0 ? { kind: 'undone', failure: failures[0] } : { kind: 'thrown', thrown };
  }
  const commit = send('COMMIT');
  await Promise.allSettled(answers);
  const failure = failures.find(isUndone) ?? failures[0];
  if (failure !== undefined) return { kind: isUndone(failure) ? 'undone' : 'undecided', failure };
  // A transaction in which a statement failed answers a commit by undoing it, and calls that no error.
  if ((await commit).command === 'COMMIT') return { kind: 'committed', result, hasDeliveries };
  return { kind: 'undone', failure: new StoreError('unavailable', 'the transaction was undone') };
};

const ATTEMPTS_MAX = 6;
const LOSSES_MAX = 2;
const DELAY_MAX_MS = 20;

/** Attempts again what was undone because others were in the way, or because a connection had been cut before. */
export const retryUndone = async <Result>(work: () => Promise<Ending<Result>>): Promise<Result> => {
  let losses = 0;
  for (let attempts = 1; ; attempts++) {
    const ending = await work();
    if (ending.kind === 'committed') return ending.result;
    if (ending.kind === 'thrown') throw ending.thrown;
    const { kind, failure } = ending;
    if (kind === 'undecided') throw toStoreError(failure, 'outcome_unknown');
    if (isLost(failure)) losses++;
    const isWorthIt = isLost(failure) ? losses < LOSSES_MAX : isConflict(failure) && attempts < ATTEMPTS_MAX;
    if (!isWorthIt) throw toStoreError(failure, 'unavailable');
    await new Promise((resolve) => setTimeout(resolve, Math.random() * attempts * DELAY_MAX_MS));
  }
};

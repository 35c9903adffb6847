import type { Millis } from '../../../clock.ts';
import { StoreError } from '../../../errors.ts';
import { beginFor } from './engine.ts';
import { isConflict, isLost, isUndone, toStoreError } from './errors.ts';

/** A value as the driver returns it: 64-bit integers as text. */
export type Value = string | number | boolean | Buffer | null | undefined;

/** A row by the names of its columns. */
export type Row = Readonly<Record<string, Value>>;

/** Sends one statement. Statements sent at one moment share a packet, and are answered in order. */
export type Query = (text: string, values?: readonly unknown[]) => Promise<readonly Row[]>;

/** What the driver answers to a statement. */
type Answer = { readonly command: string; readonly rows: readonly Row[] };

/** A connection of the driver. Its own types are not named here, so that programs that use the store do not need them. */
export type DriverConnection = {
  query(statement: { text: string; values?: unknown[] }): Promise<Answer>;
};

/** A transaction under way. */
export type Transaction = {
  readonly query: Query;
  /** Sends a statement that only the commit waits for; it shares the packet of the commit. */
  readonly write: (text: string, values?: readonly unknown[]) => void;
  /** The transaction adds deliveries that are due; the sender is notified after the commit. */
  readonly noteDeliveries: () => void;
};

/** How a transaction ended. */
export type Ending<Result> =
  | { readonly kind: 'committed'; readonly result: Result; readonly hasDeliveries: boolean }
  /** Nothing was done. */
  | { readonly kind: 'undone'; readonly failure: unknown }
  /** The answer to the commit was lost. */
  | { readonly kind: 'outcome_unknown'; readonly failure: unknown }
  /** The work itself threw, without a failure of the database; nothing was done. */
  | { readonly kind: 'thrown'; readonly thrown: unknown };

const ignore = (): void => {};

/** Statements that change nothing, though they may lock rows. */
const READS = /^\s*SELECT\b/i;

/** Does work in one transaction. Never rejects: it answers how the transaction ended. */
export const attempt = async <Result>(
  client: DriverConnection,
  work: (transaction: Transaction) => Promise<Result>,
  timeoutMs: Millis,
): Promise<Ending<Result>> => {
  const answers: Promise<Answer>[] = [];
  const failures: unknown[] = [];
  const send = (text: string, values?: readonly unknown[]): Promise<Answer> => {
    // The driver has a time limit per statement, though its types do not say so.
    const limit: object = { query_timeout: timeoutMs };
    const answer = client.query({
      ...limit,
      text,
      ...(values === undefined ? {} : { values: [...values] }),
    });
    answer.catch((error: unknown) => failures.push(error));
    answers.push(answer);
    return answer;
  };
  const begun = send(beginFor(timeoutMs));
  let isBegun = false;
  let isHeld = false;
  begun.then(() => (isBegun = true)).catch(ignore);
  // Without a transaction, a change would be committed by itself. So what only reads shares the packet of the beginning,
  // and the first change waits for it, with all that comes after.
  const sendWithin = async (text: string, values?: readonly unknown[]): Promise<Answer> => {
    isHeld ||= !READS.test(text);
    if (isHeld && !isBegun) await begun;
    return send(text, values);
  };
  let result: Result;
  let hasDeliveries = false;
  try {
    result = await work({
      async query(text, values) {
        const { rows } = await sendWithin(text, values);
        await begun;
        return rows;
      },
      write: (text, values) => void sendWithin(text, values).catch(ignore),
      noteDeliveries: () => (hasDeliveries = true),
    });
    await begun;
  } catch (thrown) {
    send('ROLLBACK').catch(ignore);
    await Promise.allSettled(answers);
    return failures.length > 0 ? { kind: 'undone', failure: failures[0] } : { kind: 'thrown', thrown };
  }
  const commit = send('COMMIT');
  await Promise.allSettled(answers);
  const failure = failures.find(isUndone) ?? failures[0];
  if (failure !== undefined) return { kind: isUndone(failure) ? 'undone' : 'outcome_unknown', failure };
  // After a failed statement, the database answers COMMIT with a rollback, and does not call that an error.
  if ((await commit).command === 'COMMIT') return { kind: 'committed', result, hasDeliveries };
  return { kind: 'undone', failure: new StoreError('unavailable', 'the transaction was undone') };
};

const ATTEMPTS_MAX = 6;
const LOSSES_MAX = 2;
const DELAY_MAX_MS = 20;

/** Tries again what was undone because other transactions were in the way, or because the connection had been cut. */
export const retryUndone = async <Result>(work: () => Promise<Ending<Result>>): Promise<Result> => {
  let losses = 0;
  for (let attempts = 1; ; attempts++) {
    const ending = await work();
    if (ending.kind === 'committed') return ending.result;
    if (ending.kind === 'thrown') throw ending.thrown;
    const { kind, failure } = ending;
    if (kind === 'outcome_unknown') throw toStoreError(failure, 'outcome_unknown');
    if (isLost(failure)) losses++;
    const isWorthIt = isLost(failure) ? losses < LOSSES_MAX : isConflict(failure) && attempts < ATTEMPTS_MAX;
    if (!isWorthIt) throw toStoreError(failure, 'unavailable');
    await new Promise((resolve) => setTimeout(resolve, Math.random() * attempts * DELAY_MAX_MS));
  }
};

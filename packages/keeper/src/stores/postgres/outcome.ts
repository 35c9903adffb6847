import { setTimeout as sleep } from 'node:timers/promises';
import type { Millis } from '../../time.ts';
import { sqlStateOf } from './failures.ts';
import { NOW } from './schema.ts';
import type { Query } from './send.ts';

/** One transaction: its number in the database, and the mark that it leaves there. */
export type TransactionName = { readonly number: string; readonly mark: string };

/** Leaves a mark, a UUID, which is stored exactly if the transaction is. */
export const leaveMark = (mark: string): string =>
  `INSERT INTO keeper_commits (id, at_ms) VALUES ('${mark}', ${NOW})`;

/** The number of the transaction under way. */
export const SELECT_NUMBER = 'SELECT pg_current_xact_id()::text AS number';

const SELECT_STATUS = 'SELECT pg_xact_status(:number::xid8) AS status';
const SELECT_MARK = 'SELECT 1 FROM keeper_commits WHERE id = :mark';
/** "transaction ID is in the future": the database crashed, and nothing of the transaction is left. */
const NUMBER_LOST = '22023';
const PAUSE_MS = 100;

/**
 * What became of a transaction whose commit got no answer. Asks until the database knows: a transaction whose connection
 * is lost is in progress until the database notices. Only the number says that it is over, and only the mark how: after a
 * crash or a failover another transaction may get the same number. `unknown` where it takes longer than `waitMs`.
 */
export const decideOutcome = async (
  { number, mark }: TransactionName,
  read: Query,
  waitMs: Millis,
): Promise<'committed' | 'aborted' | 'unknown'> => {
  const deadlineMs = performance.now() + waitMs;
  const isOver = async (): Promise<boolean> => {
    try {
      const [row] = await read(SELECT_STATUS, { number });
      return row?.['status'] !== 'in progress';
    } catch (error) {
      return sqlStateOf(error) === NUMBER_LOST;
    }
  };
  for (;;) {
    if (await isOver()) {
      const found = await read(SELECT_MARK, { mark }).catch(() => undefined);
      if (found !== undefined) return found.length > 0 ? 'committed' : 'aborted';
    }
    if (performance.now() >= deadlineMs) return 'unknown';
    await sleep(PAUSE_MS);
  }
};

import { setTimeout as sleep } from 'node:timers/promises';
import type { Millis } from '../../time.ts';
import type { Row } from '../rows.ts';
import type { NamedValues } from './named-values.ts';

/** One transaction, as the database names it. The timeline changes with a failover: then the number means nothing. */
export type TransactionName = { readonly number: string; readonly timeline: string };

const TIMELINE = 'substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8)';

/** Names the transaction under way. It is answered before the commit is sent. */
export const SELECT_NAME = `SELECT pg_current_xact_id()::text AS number, ${TIMELINE} AS timeline`;

const SELECT_STATUS = `SELECT CASE WHEN ${TIMELINE} = :timeline THEN pg_xact_status(:number::xid8) END AS status`;

/** A row of `SELECT_NAME`. */
export const toTransactionName = (row: Row | undefined): TransactionName => ({
  number: String(row?.['number']),
  timeline: String(row?.['timeline']),
});

const PAUSE_MS = 100;

/**
 * What became of a transaction whose commit got no answer. Asks the database until it knows: a transaction whose
 * connection is lost is in progress until the database notices. `unknown` where that takes longer than `waitMs`, and after
 * a failover.
 */
export const decideOutcome = async (
  name: TransactionName,
  read: (statement: string, values: NamedValues) => Promise<readonly Row[]>,
  waitMs: Millis,
): Promise<'committed' | 'aborted' | 'unknown'> => {
  const deadlineMs = performance.now() + waitMs;
  for (;;) {
    const status = await read(SELECT_STATUS, name).then(
      ([row]) => row?.['status'] ?? 'unknown',
      () => 'in progress',
    );
    if (status === 'committed' || status === 'aborted') return status;
    if (status !== 'in progress' || performance.now() >= deadlineMs) return 'unknown';
    await sleep(PAUSE_MS);
  }
};

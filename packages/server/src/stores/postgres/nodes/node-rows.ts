import type { Millis } from '../../../clock.ts';
import type { Connections } from '../connection/pool.ts';
import type { Query } from '../connection/transaction.ts';
import { epochOf, nodeNumberOf } from './issued-by.ts';
import type { IssuedBy } from './issued-by.ts';
import { STATEMENT_MS } from '../connection/engine.ts';

const INSERT = `INSERT INTO nodes (number, reported_epoch, last_seen_at_ms) VALUES ($1, 0, ${STATEMENT_MS})
  ON CONFLICT (number) DO NOTHING RETURNING number`;
const REPORT = `INSERT INTO nodes AS n (number, reported_epoch, last_seen_at_ms) VALUES ($1, $2, ${STATEMENT_MS})
  ON CONFLICT (number) DO UPDATE SET reported_epoch = greatest(n.reported_epoch, excluded.reported_epoch),
    last_seen_at_ms = excluded.last_seen_at_ms, awaited_since_ms = NULL`;
const REMOVE = 'DELETE FROM nodes WHERE number = $1';
/**
 * The wait for a report begins with the first node that needs it, and ends with the report. It begins again where the clock of
 * the database was set back, because it would otherwise last until the clock is as late again.
 */
const AWAIT = `UPDATE nodes SET awaited_since_ms = least(coalesce(awaited_since_ms, ${STATEMENT_MS}), ${STATEMENT_MS})
  WHERE number = $1 AND reported_epoch < $2 RETURNING ${STATEMENT_MS} - awaited_since_ms AS awaited_ms`;
const DROP_LOST = `DELETE FROM nodes WHERE last_seen_at_ms < ${STATEMENT_MS} - 400 * 86400000::bigint`;

/** Takes a number for a node. `false` where another node has it. */
export const insertNode = async ({ read }: Connections, number: number): Promise<boolean> =>
  // Asked again where the connection was lost: at worst, a number is taken that no node uses.
  (await read(INSERT, [number])).length === 1;

/** Reports that every use up to this epoch was answered, or is marked in its row. */
export const reportEpoch = async ({ write }: Connections, number: number, epoch: number): Promise<void> =>
  void (await write(REPORT, [number, epoch]));

export const removeNode = async ({ write }: Connections, number: number): Promise<void> =>
  void (await write(REMOVE, [number]));

/** Drops nodes that ended without a last report. No client retries a use after 400 days. */
export const dropLostNodes = async ({ write }: Connections): Promise<void> => void (await write(DROP_LOST));

/** Whether the answer to a use was given. */
export type Delivered =
  /** It was given, or this is no longer known; both are treated as given. */
  | 'yes'
  /** It was not; or the node that issued it has not reported for the whole lease. */
  | 'no'
  /** The node that issued it is about to report. */
  | 'not_known_yet';

/**
 * Whether the answer that another node issued was given. An idle node writes nothing, because it has reported everything.
 * So what is not reported was issued just now, or by a node that is lost or cut off. Its lease runs from the first
 * node that waits for the report.
 */
export const wasDelivered = async (query: Query, issuedBy: IssuedBy, leaseMs: Millis): Promise<Delivered> => {
  const [row] = await query(AWAIT, [nodeNumberOf(issuedBy), epochOf(issuedBy)]);
  if (row === undefined) return 'yes';
  return Number(row['awaited_ms']) < leaseMs ? 'not_known_yet' : 'no';
};

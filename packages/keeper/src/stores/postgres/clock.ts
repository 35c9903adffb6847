import type { Clock, Millis } from '../../time.ts';
import { JUMP_MS, latestOf, withJump } from '../../timeline.ts';
import type { Jump } from '../../timeline.ts';
import type { Query } from './send.ts';
import { NOW } from './schema.ts';

/** The clock of the database, as far as this process knows it. */
export type DatabaseClock = {
  nowMs(): Millis;
  /** The latest moment that a stored one may have been. */
  latest(atMs: Millis): Millis;
  /** Asks the database. */
  measure(): Promise<void>;
};

/**
 * Between two measurements it follows the monotonic clock of this machine: a jump of its wall clock does not move it, and
 * the sleep of the machine is seen with the next measurement. A database whose clock was put forward, and this machine's
 * was not, puts what was stored before in doubt.
 */
export const createDatabaseClock = async (read: Query, clock: Clock): Promise<DatabaseClock> => {
  let aheadMs: Millis | undefined;
  let wallAheadMs = 0;
  let jumps: readonly Jump[] = [];
  const measure = async (): Promise<void> => {
    const askedMs = clock.monotonicMs();
    const [row] = await read(`SELECT ${NOW} AS now`);
    const answeredMs = clock.monotonicMs();
    const wallMovedMs = clock.wallMs() - answeredMs - wallAheadMs;
    const nextMs = Number(row?.['now']) - (askedMs + answeredMs) / 2;
    const byMs = nextMs - (aheadMs ?? nextMs);
    const inexactMs = JUMP_MS + (answeredMs - askedMs) / 2;
    if (byMs > inexactMs && Math.abs(byMs - wallMovedMs) > inexactMs)
      jumps = withJump(jumps, { beforeMs: Number(row?.['now']), byMs });
    aheadMs = nextMs;
    wallAheadMs += wallMovedMs;
  };
  await measure();
  return {
    measure,
    nowMs: () => Math.round(clock.monotonicMs() + (aheadMs ?? 0)),
    latest: (atMs) => latestOf(jumps, atMs),
  };
};

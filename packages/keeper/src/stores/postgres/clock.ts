import type { Clock, Millis } from '../../time.ts';
import type { Query } from './send.ts';
import { NOW } from './schema.ts';

/** The clock of the database, as far as this process knows it. */
export type DatabaseClock = {
  nowMs(): Millis;
  /** Asks the database. */
  measure(): Promise<void>;
};

/**
 * Between two measurements it follows the monotonic clock of this machine: a jump of its wall clock does not move it, and
 * the sleep of the machine is seen with the next measurement.
 */
export const createDatabaseClock = async (read: Query, clock: Clock): Promise<DatabaseClock> => {
  let aheadMs = 0;
  const measure = async (): Promise<void> => {
    const askedMs = clock.monotonicMs();
    const [row] = await read(`SELECT ${NOW} AS now`);
    aheadMs = Number(row?.['now']) - (askedMs + clock.monotonicMs()) / 2;
  };
  await measure();
  return { measure, nowMs: () => Math.round(clock.monotonicMs() + aheadMs) };
};

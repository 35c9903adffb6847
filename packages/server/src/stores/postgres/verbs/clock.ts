import type { ClockStore } from '../../../grants/clock-store.ts';
import type { Connections } from '../connection/pool.ts';
import { toNumber } from './rows.ts';
import { CLOCK_MS } from '../connection/engine.ts';

const SELECT = `SELECT ${CLOCK_MS} AS database_ms,
  (SELECT seen_at_ms FROM clock) AS seen_at_ms`;
const NOTE = `INSERT INTO clock (one, seen_at_ms) VALUES (1, $1)
  ON CONFLICT (one) DO UPDATE SET seen_at_ms = excluded.seen_at_ms`;

/** The clock of the database, and the newest moment that a node has noted. */
export const createClockVerbs = ({ read, write }: Connections): ClockStore => ({
  async readClock() {
    const [row = {}] = await read(SELECT);
    return { databaseMs: Number(row['database_ms']), seenAtMs: toNumber(row['seen_at_ms']) };
  },
  noteClock: async (seenAtMs) => void (await write(NOTE, [seenAtMs])),
});

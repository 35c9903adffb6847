import type { ClockStore } from '../../grants/clock-store.ts';
import type { Connection } from './connection.ts';
import { toOptionalNumber } from './rows.ts';

/** The newest moment that a server has noted. The file has no clock of its own. */
export const createClockVerbs = ({ database, commits, read }: Connection): ClockStore => {
  const select = database.prepare('SELECT seen_at_ms FROM clock');
  const note = database.prepare('INSERT OR REPLACE INTO clock (one, seen_at_ms) VALUES (1, ?)');
  return {
    readClock: () =>
      read(() => ({ databaseMs: undefined, seenAtMs: toOptionalNumber(select.get()?.['seen_at_ms']) })),
    noteClock: (seenAtMs) => commits.run(() => void note.run(seenAtMs)),
  };
};

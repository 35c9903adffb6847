import { toMillis } from '../../clock.ts';
import { SESSION_KEPT_SECONDS } from '../../grants/session-store.ts';
import type { SessionStore } from '../../grants/session-store.ts';
import type { Connection } from './connection.ts';

/** More than arrive at a time, so that old sessions never pile up; few, so that no request waits for it. */
const DROPPED_AT_A_TIME = 16;

/** The sessions of owners who are signed in. */
export const createSessionVerbs = ({ database, commits, read }: Connection): SessionStore => {
  const insert = database.prepare(
    'INSERT OR IGNORE INTO owner_sessions (digest, started_at_ms) VALUES (?, ?)',
  );
  const select = database.prepare('SELECT 1 FROM owner_sessions WHERE digest = ?');
  const remove = database.prepare('DELETE FROM owner_sessions WHERE digest = ?');
  const drop = database.prepare(
    `DELETE FROM owner_sessions WHERE digest IN
      (SELECT digest FROM owner_sessions WHERE started_at_ms < ? ORDER BY started_at_ms LIMIT ?)`,
  );
  return {
    createSession: ({ digest, startedAtMs }) =>
      commits.run(() => {
        drop.run(startedAtMs - toMillis(SESSION_KEPT_SECONDS), DROPPED_AT_A_TIME);
        insert.run(digest, startedAtMs);
      }),
    hasSession: (digest) => read(() => select.get(digest) !== undefined),
    endSession: (digest) => commits.run(() => void remove.run(digest)),
  };
};

import { toMillis } from '../../../clock.ts';
import { SESSION_KEPT_SECONDS } from '../../../grants/session-store.ts';
import type { SessionStore } from '../../../grants/session-store.ts';
import { SKIP_LOCKED } from '../connection/engine.ts';
import type { Connections } from '../connection/pool.ts';

/** More than one, so that old sessions never pile up; few, so that it takes no time. */
const DROPPED_AT_A_TIME = 16;

const INSERT =
  'INSERT INTO owner_sessions (digest, started_at_ms) VALUES ($1, $2) ON CONFLICT (digest) DO NOTHING';
const DROP = `DELETE FROM owner_sessions WHERE digest IN
  (SELECT digest FROM owner_sessions WHERE started_at_ms < $1 ORDER BY started_at_ms LIMIT $2 FOR UPDATE ${SKIP_LOCKED})`;

/** The sessions of owners who are signed in. */
export const createSessionVerbs = ({ read, write, transact }: Connections): SessionStore => ({
  createSession: ({ digest, startedAtMs }) =>
    transact(async (transaction) => {
      transaction.write(DROP, [startedAtMs - toMillis(SESSION_KEPT_SECONDS), DROPPED_AT_A_TIME]);
      transaction.write(INSERT, [digest, startedAtMs]);
    }),
  hasSession: async (digest) =>
    (await read('SELECT 1 AS one FROM owner_sessions WHERE digest = $1', [digest])).length > 0,
  endSession: async (digest) => void (await write('DELETE FROM owner_sessions WHERE digest = $1', [digest])),
});

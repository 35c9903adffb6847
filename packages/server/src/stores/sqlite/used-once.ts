import type { OnceStore } from '../../clients/once-store.ts';
import type { Connection } from './connection.ts';

/** More than arrive at a time, so that old ones never pile up; few, so that no request waits for it. */
const DROPPED_AT_A_TIME = 16;

/** What was used once. */
export const createOnceVerbs = ({ database, commits }: Connection): OnceStore => {
  const insert = database.prepare('INSERT OR IGNORE INTO used_once (digest, expires_at_ms) VALUES (?, ?)');
  const drop = database.prepare(
    `DELETE FROM used_once WHERE digest IN
      (SELECT digest FROM used_once WHERE expires_at_ms < ? ORDER BY expires_at_ms LIMIT ?)`,
  );
  return {
    useOnce: ({ digest, expiresAtMs }, dropBeforeMs) =>
      commits.run(() => {
        const { changes } = insert.run(digest, expiresAtMs);
        drop.run(dropBeforeMs, DROPPED_AT_A_TIME);
        return changes === 1 ? 'first' : 'again';
      }),
  };
};

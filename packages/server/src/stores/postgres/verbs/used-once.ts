import type { OnceStore } from '../../../clients/once-store.ts';
import { SKIP_LOCKED } from '../connection/engine.ts';
import type { Connections } from '../connection/pool.ts';

/** More than one, so that old ones never pile up; few, so that it takes no time. */
const DROPPED_AT_A_TIME = 16;

/** One statement, so that it is one round trip. */
const USE = `WITH dropped AS (DELETE FROM used_once WHERE digest IN
    (SELECT digest FROM used_once WHERE expires_at_ms < $3 ORDER BY expires_at_ms LIMIT $4 FOR UPDATE ${SKIP_LOCKED}))
  INSERT INTO used_once (digest, expires_at_ms) VALUES ($1, $2) ON CONFLICT (digest) DO NOTHING RETURNING expires_at_ms`;

/** What was used once. */
export const createOnceVerbs = ({ write }: Pick<Connections, 'write'>): OnceStore => ({
  useOnce: async ({ digest, expiresAtMs }, dropBeforeMs) =>
    (await write(USE, [digest, expiresAtMs, dropBeforeMs, DROPPED_AT_A_TIME])).length === 1
      ? 'first'
      : 'again',
});

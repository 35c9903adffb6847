import { SESSION_KEPT_SECONDS, toMillis } from '@keyfob/server/grants';
import type { SessionStore } from '@keyfob/server/stores';
import type { RunVerb, Tables } from './tables.ts';

const keyOf = (digest: Uint8Array): string => Buffer.from(digest).toString('hex');

export const sessionVerbs = ({ sessions }: Tables, run: RunVerb): SessionStore => ({
  createSession: ({ digest, startedAtMs }) =>
    run('createSession', () => {
      for (const [key, startedBeforeMs] of sessions)
        if (startedBeforeMs < startedAtMs - toMillis(SESSION_KEPT_SECONDS)) sessions.delete(key);
      sessions.set(keyOf(digest), startedAtMs);
    }),
  hasSession: (digest) => run('hasSession', () => sessions.has(keyOf(digest))),
  endSession: (digest) => run('endSession', () => void sessions.delete(keyOf(digest))),
});

import type { OnceStore } from '@keyfob/server/stores';
import type { RunVerb, Tables } from './tables.ts';

export const onceVerbs = (tables: Tables, run: RunVerb): OnceStore => ({
  useOnce: ({ digest, expiresAtMs }, dropBeforeMs) =>
    run('useOnce', () => {
      for (const [key, atMs] of tables.usedOnce) if (atMs < dropBeforeMs) tables.usedOnce.delete(key);
      const key = Buffer.from(digest).toString('hex');
      if (tables.usedOnce.has(key)) return 'again';
      tables.usedOnce.set(key, expiresAtMs);
      return 'first';
    }),
});

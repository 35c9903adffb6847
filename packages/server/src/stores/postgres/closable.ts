import { StoreError } from '../../errors.ts';
import type { Store } from '../../grants/store.ts';

type Verbs = Omit<Store, 'close'>;

/** A store of these verbs, whose close waits for what was asked of it, and refuses what is asked after it. */
export const closable = (verbs: Verbs, close: () => Promise<void>): Store => {
  const open = new Set<Promise<unknown>>();
  let isClosed = false;
  const guard =
    (verb: (...args: never[]) => Promise<unknown>) =>
    async (...args: never[]): Promise<unknown> => {
      if (isClosed) throw new StoreError('unavailable', 'the store is closed');
      const answer = verb(...args);
      open.add(answer);
      try {
        return await answer;
      } finally {
        open.delete(answer);
      }
    };
  const guarded = Object.fromEntries(Object.entries(verbs).map(([name, verb]) => [name, guard(verb)]));
  return {
    ...(guarded as unknown as Verbs),
    async close() {
      if (isClosed) return;
      isClosed = true;
      await Promise.allSettled(open);
      await close();
    },
  };
};

import { StoreError } from '../../../errors.ts';
import type { Store } from '../../../grants/store.ts';

type Verbs = Omit<Store, 'close' | 'remembersUnanswered' | 'figures'>;

/** A store of these verbs. Its close waits for the calls under way and refuses later ones. */
export const closable = (verbs: Verbs, close: () => Promise<void>): Store => {
  const allAnswered = Promise.withResolvers<void>();
  let waiting = 0;
  let isClosed = false;
  const guard =
    (verb: (...args: never[]) => unknown) =>
    async (...args: never[]): Promise<unknown> => {
      if (isClosed) throw new StoreError('unavailable', 'the store is closed');
      waiting++;
      try {
        return await verb(...args);
      } finally {
        waiting--;
        if (isClosed && waiting === 0) allAnswered.resolve();
      }
    };
  const guarded = Object.fromEntries(Object.entries(verbs).map(([name, verb]) => [name, guard(verb)]));
  return {
    ...(guarded as unknown as Verbs),
    async close() {
      if (isClosed) return;
      isClosed = true;
      if (waiting > 0) await allAnswered.promise;
      await close();
    },
  };
};

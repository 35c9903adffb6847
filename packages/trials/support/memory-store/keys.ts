import { judgeWithdrawal } from '@keyfob/server/tokens';
import type { RegisteredKey } from '@keyfob/server/tokens';
import type { Store } from '@keyfob/server/stores';
import type { RunVerb, Tables } from './tables.ts';

/** Newest first. */
export const listKeys = ({ keys }: Tables): readonly RegisteredKey[] =>
  [...keys.values()].sort((a, b) => b.number - a.number);

export const keyVerbs = (
  tables: Tables,
  run: RunVerb,
): Pick<Store, 'listKeys' | 'registerKey' | 'withdrawKey' | 'countGrantsByKey'> => ({
  listKeys: () => run('listKeys', () => listKeys(tables)),
  registerKey: (key) =>
    run('registerKey', () => {
      if (!tables.keys.has(key.number)) tables.keys.set(key.number, { ...key });
    }),
  withdrawKey: (number, withdrawal) =>
    run('withdrawKey', () => {
      const outcome = judgeWithdrawal(listKeys(tables), number);
      const key = tables.keys.get(number);
      if (outcome === 'withdrawn' && key !== undefined) tables.keys.set(number, { ...key, withdrawal });
      return outcome;
    }),
  countGrantsByKey: () =>
    run('countGrantsByKey', () => {
      const counts = new Map<number, number>();
      for (const { keyNumber, revocation } of tables.grants.values())
        if (revocation === undefined) counts.set(keyNumber, (counts.get(keyNumber) ?? 0) + 1);
      return counts;
    }),
});

import type { Millis } from '../clock.ts';
import type { GrantId } from '../tokens/grant-id.ts';
import type { OperationContext } from './context.ts';

const PAGE_GRANTS = 1000;

/** Removes grants that ended before `endedBeforeMs`, a page at a time. Throws `StoreError`. */
export const pruneGrants = async (
  { store }: Pick<OperationContext, 'store'>,
  {
    endedBeforeMs,
    onProgress,
  }: { readonly endedBeforeMs: Millis; readonly onProgress: (seen: number, total: number) => void },
): Promise<{ readonly pruned: number; readonly total: number }> => {
  const total = await store.countGrants();
  let [pruned, seen] = [0, 0];
  let after: GrantId | undefined;
  do {
    const page = await store.prune({ after, limit: PAGE_GRANTS, endedBeforeMs });
    pruned += page.pruned;
    seen = Math.min(seen + PAGE_GRANTS, total);
    after = page.next;
    onProgress(seen, total);
  } while (after !== undefined);
  return { pruned, total };
};

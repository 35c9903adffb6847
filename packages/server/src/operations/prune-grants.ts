import type { ClockSource } from '../clock-source.ts';
import type { Millis } from '../clock.ts';
import { OperatorError } from '../errors.ts';
import type { Store } from '../grants/store.ts';
import type { GrantId } from '../tokens/grant-id.ts';

const PAGE_GRANTS = 1000;
const DAY_MS = 86_400_000;
/** A store that no server used for so long may show a wrong clock. */
const DOUBT_MAX_MS = DAY_MS;

export type Pruning = {
  readonly olderThanMs: Millis;
  /** Whether somebody has checked the clock, so that a contradiction stops nothing. */
  readonly isForced?: boolean;
  readonly onProgress: (seen: number, total: number) => void;
};

/**
 * Removes grants that ended longer ago than `olderThanMs`, a page at a time. What is in doubt about the clock counts as not
 * passed. Throws `OperatorError` where more than a day is in doubt, because a clock that runs ahead would remove grants
 * that are in use; throws `StoreError`.
 */
export const pruneGrants = async (
  { store, time }: { readonly store: Pick<Store, 'countGrants' | 'prune'>; readonly time: ClockSource },
  { olderThanMs, isForced = false, onProgress }: Pruning,
): Promise<{ readonly pruned: number; readonly total: number }> => {
  const nowMs = time.now();
  if (!isForced) refuseDoubt(time, nowMs);
  const endedBeforeMs = (isForced ? nowMs : time.earliest()) - olderThanMs;
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

const refuseDoubt = (time: ClockSource, nowMs: Millis): void => {
  const byMs = time.doubt()?.byMs ?? 0;
  if (byMs <= DOUBT_MAX_MS) return;
  const usedAt = new Date(time.earliest()).toISOString();
  throw new OperatorError(
    'clock_in_doubt',
    `it is ${new Date(nowMs).toISOString()} by this clock, but the newest moment that a server noted in the store is ${usedAt}, ${Math.floor(byMs / DAY_MS)} days before; if the clock is ahead, grants that are in use would be removed`,
    'Check the clock. If it is right, repeat the command with --force. Nothing was removed.',
  );
};

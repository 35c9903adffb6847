import type { ClockSource } from '../clock-source.ts';
import type { Millis } from '../clock.ts';
import { OperatorError } from '../errors.ts';
import { hasEndedBefore } from '../grants/standing.ts';
import type { Store } from '../grants/store.ts';
import type { GrantId } from '../tokens/grant-id.ts';

const PAGE_GRANTS = 1000;
const DAY_MS = 86_400_000;
/** A store that no server used for so long may show a wrong clock. */
const DOUBT_MAX_MS = DAY_MS;

type PrunedStore = Pick<Store, 'countGrants' | 'prune' | 'listGrants' | 'readClient'>;

export type Pruning = {
  readonly olderThanMs: Millis;
  /** Whether somebody has checked the clock, so that a contradiction stops nothing. */
  readonly isForced?: boolean;
  /** Whether grants are only counted. */
  readonly isDryRun?: boolean;
  readonly onProgress: (seen: number, total: number) => void;
};

/**
 * Removes grants that ended longer ago than `olderThanMs`, a page at a time. What is in doubt about the clock counts as not
 * passed. Throws `OperatorError` where more than a day is in doubt, because a clock that runs ahead would remove grants
 * that are in use; throws `StoreError`.
 */
export const pruneGrants = async (
  { store, time }: { readonly store: PrunedStore; readonly time: ClockSource },
  { olderThanMs, isForced = false, isDryRun = false, onProgress }: Pruning,
): Promise<{ readonly pruned: number; readonly total: number }> => {
  const nowMs = time.now();
  if (!isForced) refuseDoubt(time, nowMs);
  const endedBeforeMs = (isForced ? nowMs : time.earliest()) - olderThanMs;
  const total = await store.countGrants();
  let [pruned, seen] = [0, 0];
  let after: GrantId | undefined;
  do {
    const wanted = { after, limit: PAGE_GRANTS, endedBeforeMs };
    const page = await (isDryRun ? countEnded(store, wanted) : store.prune(wanted));
    pruned += page.pruned;
    seen = Math.min(seen + PAGE_GRANTS, total);
    after = page.next;
    onProgress(seen, total);
  } while (after !== undefined);
  return { pruned, total };
};

/** The result of `prune`, without its effect. */
const countEnded = async (
  store: PrunedStore,
  { endedBeforeMs, ...page }: Parameters<Store['prune']>[0],
): ReturnType<Store['prune']> => {
  const grants = await store.listGrants(page);
  const ids = [...new Set(grants.map(({ clientId }) => clientId))];
  const clients = new Map(
    await Promise.all(ids.map(async (id) => [id, (await store.readClient(id)).client] as const)),
  );
  const ended = grants.filter((grant) => {
    const client = clients.get(grant.clientId);
    return client !== undefined && hasEndedBefore(grant, client.policy, endedBeforeMs);
  });
  return { pruned: ended.length, next: grants.length === page.limit ? grants.at(-1)?.id : undefined };
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

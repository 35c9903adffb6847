import type { ClockSource } from '../clock-source.ts';
import type { Millis } from '../clock.ts';
import type { Store } from '../grants/store.ts';
import { eventsKeptSinceMs } from '../outbox/retention.ts';

const PAGE_EVENTS = 1000;

/**
 * Removes grant events that are older than `grantEventDays`, or counts them. Servers do the same by themselves, so there is something
 * to remove only where none runs. Those with a delivery that is still due stay, and are counted. Throws `StoreError`.
 */
export const pruneGrantEvents = async (
  {
    store,
    time,
  }: { readonly store: Pick<Store, 'listGrantEvents' | 'dropGrantEvents'>; readonly time: ClockSource },
  { grantEventDays, isDryRun }: { readonly grantEventDays: number; readonly isDryRun: boolean },
): Promise<number> => {
  const beforeMs = eventsKeptSinceMs(time.earliest(), grantEventDays);
  return isDryRun ? countOlder(store, beforeMs) : dropOlder(store, beforeMs);
};

const dropOlder = async (store: Pick<Store, 'dropGrantEvents'>, beforeMs: Millis): Promise<number> => {
  let removed = 0;
  for (;;) {
    const dropped = await store.dropGrantEvents({ beforeMs, limit: PAGE_EVENTS });
    removed += dropped;
    if (dropped < PAGE_EVENTS) return removed;
  }
};

const countOlder = async (store: Pick<Store, 'listGrantEvents'>, beforeMs: Millis): Promise<number> => {
  let counted = 0;
  let after = 0;
  for (;;) {
    const page = await store.listGrantEvents({ after, limit: PAGE_EVENTS, first: 'oldest' });
    counted += page.filter(({ atMs }) => atMs < beforeMs).length;
    const last = page.at(-1);
    if (page.length < PAGE_EVENTS || last === undefined || last.atMs >= beforeMs) return counted;
    after = last.sequence;
  }
};

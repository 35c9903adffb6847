import type { GrantEvent } from '../outbox/grant-event.ts';
import type { OperationContext } from './context.ts';
import { findGrantEvents } from './find-grant-events.ts';
import type { GrantEventSearch } from './find-grant-events.ts';

const PAGE_EVENTS = 500;

/**
 * Passes every grant event that is searched for after a sequence number to `take`, in pages, oldest first, and waits for it.
 * Answers the last sequence number in the store as this began, so that a reader who goes on from it misses none and gets
 * none twice. Throws `StoreError`, and what `take` throws.
 */
export const readGrantEvents = async (
  context: Pick<OperationContext, 'store'>,
  search: GrantEventSearch,
  from: number,
  take: (page: readonly GrantEvent[]) => void | Promise<void>,
): Promise<number> => {
  const [newest] = await context.store.listGrantEvents({ first: 'newest', limit: 1 });
  const last = newest?.sequence ?? 0;
  let after: number | undefined = from;
  while (after !== undefined && after < last) {
    const page = await findGrantEvents(context, search, { after, limit: PAGE_EVENTS });
    const wanted = page.events.filter(({ sequence }) => sequence <= last);
    if (wanted.length > 0) await take(wanted);
    after = page.next;
  }
  return Math.max(from, last);
};

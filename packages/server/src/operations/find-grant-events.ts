import type { GrantEvent } from '../outbox/grant-event.ts';
import type { GrantEventFilter, GrantEventPage } from '../outbox/grant-event-store.ts';
import type { OperationContext } from './context.ts';

/** Which grant events are searched for: those to which everything that is given applies. */
export type GrantEventSearch = GrantEventFilter & {
  /** One of the vehicles that they are about. */
  readonly vin?: string | undefined;
};

/**
 * A page of what was found, and after which sequence number the next one begins; `undefined` at the end. Events have no
 * index by vehicle, so a page may be short, or empty, and still have a next one.
 */
export type GrantEventsFound = { readonly events: readonly GrantEvent[]; readonly next: number | undefined };

/** How many events are looked at for a page. */
const LOOKED_AT_MAX = 20_000;
const READ_AT_ONCE = 1000;

/** Finds grant events, oldest or newest first. Throws `StoreError`. */
export const findGrantEvents = async (
  { store }: Pick<OperationContext, 'store'>,
  { vin, ...filter }: GrantEventSearch,
  { after, limit, first }: GrantEventPage,
): Promise<GrantEventsFound> => {
  if (vin === undefined) {
    const events = await store.listGrantEvents({ ...filter, after, limit, first });
    return { events, next: events.length === limit ? events.at(-1)?.sequence : undefined };
  }
  const found: GrantEvent[] = [];
  let next = after;
  for (let lookedAt = 0; lookedAt < LOOKED_AT_MAX; lookedAt += READ_AT_ONCE) {
    const page = await store.listGrantEvents({ ...filter, after: next, limit: READ_AT_ONCE, first });
    for (const event of page) {
      if (!event.vins.includes(vin)) continue;
      found.push(event);
      if (found.length === limit) return { events: found, next: event.sequence };
    }
    if (page.length < READ_AT_ONCE) return { events: found, next: undefined };
    next = page.at(-1)?.sequence;
  }
  return { events: found, next };
};

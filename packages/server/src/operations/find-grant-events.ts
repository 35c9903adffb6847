import type { GrantEvent } from '../outbox/grant-event.ts';
import type { GrantEventFilter, GrantEventPage } from '../outbox/grant-event-store.ts';
import type { OperationContext } from './context.ts';

/** Which grant events are searched for: those to which everything that is given applies. */
export type GrantEventSearch = GrantEventFilter;

/** A page of what was found, and after which sequence number the next one begins; `undefined` at the end. */
export type GrantEventsFound = {
  readonly events: readonly GrantEvent[];
  readonly next: number | undefined;
};

/** Finds grant events, oldest or newest first. Throws `StoreError`. */
export const findGrantEvents = async (
  { store }: Pick<OperationContext, 'store'>,
  search: GrantEventSearch,
  { after, limit, first }: GrantEventPage,
): Promise<GrantEventsFound> => {
  const events = await store.listGrantEvents({ ...search, after, limit, first });
  return { events, next: events.length === limit ? events.at(-1)?.sequence : undefined };
};

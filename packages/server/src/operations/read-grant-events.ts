import type { GrantEvent } from '../outbox/grant-event.ts';
import type { GrantId } from '../tokens/grant-id.ts';
import type { OperationContext } from './context.ts';

const PAGE_EVENTS = 500;

/** Which grant events are read. */
export type GrantEventFilter = {
  readonly grantId: GrantId | undefined;
  readonly clientId: string | undefined;
  /** Only events from this moment on, in milliseconds. */
  readonly sinceMs: number;
};

/**
 * Passes every grant event after a sequence number to `take`, oldest first, and answers the last sequence number that it
 * read, whether it matched the filter or not. Throws `StoreError`.
 */
export const readGrantEvents = async (
  { store }: Pick<OperationContext, 'store'>,
  { grantId, clientId, sinceMs }: GrantEventFilter,
  from: number,
  take: (grantEvent: GrantEvent) => void,
): Promise<number> => {
  let after = from;
  for (;;) {
    const page = await store.listGrantEvents({ after, limit: PAGE_EVENTS, grantId, clientId });
    for (const grantEvent of page) {
      after = grantEvent.sequence;
      if (grantEvent.atMs >= sinceMs) take(grantEvent);
    }
    if (page.length < PAGE_EVENTS) return after;
  }
};

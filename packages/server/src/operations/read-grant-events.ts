import type { Millis } from '../clock.ts';
import type { GrantEvent } from '../outbox/grant-event.ts';
import type { GrantId } from '../tokens/grant-id.ts';
import type { OperationContext } from './context.ts';

const PAGE_EVENTS = 500;

/** Which grant events are read. */
export type GrantEventFilter = {
  readonly grantId: GrantId | undefined;
  readonly clientId: string | undefined;
  /** Only events from this moment on, in milliseconds. */
  readonly sinceMs: Millis;
};

/**
 * Passes every grant event after a sequence number to `take`, in pages, oldest first, and waits for it. Answers the last
 * sequence number that it read, whether it matched the filter or not. Throws `StoreError`, and what `take` throws.
 */
export const readGrantEvents = async (
  { store }: Pick<OperationContext, 'store'>,
  { grantId, clientId, sinceMs }: GrantEventFilter,
  from: number,
  take: (page: readonly GrantEvent[]) => void | Promise<void>,
): Promise<number> => {
  let after = from;
  for (;;) {
    const page = await store.listGrantEvents({ after, limit: PAGE_EVENTS, grantId, clientId });
    after = page.at(-1)?.sequence ?? after;
    const wanted = page.filter(({ atMs }) => atMs >= sinceMs);
    if (wanted.length > 0) await take(wanted);
    if (page.length < PAGE_EVENTS) return after;
  }
};

import type { Millis } from '../clock.ts';
import type { GrantId } from '../tokens/grant-id.ts';
import type { GrantEvent, GrantEventKind } from './grant-event.ts';

/** Which grant events are listed: those to which everything that is given applies. */
export type GrantEventFilter = {
  readonly grantId?: GrantId | undefined;
  readonly clientId?: string | undefined;
  readonly subject?: string | undefined;
  /** Of the request that caused them. */
  readonly requestId?: string | undefined;
  readonly kind?: GrantEventKind | undefined;
  /** One of the vehicles that they are about. */
  readonly vin?: string | undefined;
  readonly sinceMs?: Millis | undefined;
};

/** Part of a list of grant events: what follows the sequence number `after` in the order of the list, at most `limit`. */
export type GrantEventPage = {
  readonly after?: number | undefined;
  readonly limit: number;
  /** `oldest` if it is absent. */
  readonly first?: 'oldest' | 'newest' | undefined;
};

/** The grant events in a store. The verbs that change a grant add them, each in the transaction of its change. */
export type GrantEventStore = {
  /** What happened to grants. */
  listGrantEvents(page: GrantEventPage & GrantEventFilter): Promise<readonly GrantEvent[]>;
  /**
   * Removes grant events from before a moment and their deliveries, among the `limit` oldest. Events with a delivery
   * that is still due stay. Answers how many were removed.
   */
  dropGrantEvents(page: { readonly beforeMs: Millis; readonly limit: number }): Promise<number>;
};

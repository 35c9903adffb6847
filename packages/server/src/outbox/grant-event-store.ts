import type { Millis } from '../clock.ts';
import type { GrantId } from '../tokens/grant-id.ts';
import type { GrantEvent } from './grant-event.ts';

/** The grant events in a store. The verbs that change a grant add them, each in the transaction of its change. */
export type GrantEventStore = {
  /** What happened to grants, after a sequence number, oldest first. */
  listGrantEvents(page: {
    readonly after: number;
    readonly limit: number;
    readonly grantId?: GrantId | undefined;
    readonly clientId?: string | undefined;
  }): Promise<readonly GrantEvent[]>;
  /**
   * Removes grant events from before a moment and their deliveries, among the `limit` oldest. Events with a delivery
   * that is still due stay. Answers how many were removed.
   */
  dropGrantEvents(page: { readonly beforeMs: Millis; readonly limit: number }): Promise<number>;
};

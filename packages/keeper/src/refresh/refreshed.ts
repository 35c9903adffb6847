import type { Grant, Pair } from '../grants/grant.ts';
import type { Millis } from '../time.ts';

/** How a refresh ended, and the row after it. */
export type Refreshed = {
  readonly grant: Grant | undefined;
  /**
   * `refreshed`: there is a new pair. `busy`: another process is at it. `later`: not before `retryAtMs`. `over`: nothing can be
   * done, or somebody else has done it: look at the row.
   */
  readonly kind: 'refreshed' | 'busy' | 'later' | 'over';
  readonly reason: string;
  readonly retryAtMs?: Millis | undefined;
  /** The new pair, where the store has not taken it yet: it is in the spool. */
  readonly unsaved?: Pair;
};

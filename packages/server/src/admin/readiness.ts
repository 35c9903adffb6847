import type { ClientReading } from '../clients/client-store.ts';
import { StoreError } from '../errors.ts';
import type { Store } from '../grants/store.ts';
import { queryOnce } from './query-once.ts';

/** Whether this node should get requests, and if not, why not. */
export type Readiness =
  'ready' | 'stopping' | 'store_unavailable' | 'store_slow' | 'keys_missing' | 'clock_skewed';

/** How long the store may take to answer. A probe has to wait longer than this to learn the reason. */
export const STORE_TIMEOUT_MS = 1000;

export type ReadinessContext = {
  readonly store: Pick<Store, 'listKeys'>;
  /** Gets the keys that the store knows; answers whether the ring lacks one of them. */
  noticeKeys(registered: ClientReading['keys']): boolean;
  /** Whether the machine's clock is far from the database's. */
  isClockFarOff(): boolean;
  isStopping(): boolean;
};

/** Reads the store for every answer; nothing is cached. Rejects only for a bug. */
export const createReadiness = ({
  store,
  noticeKeys,
  isClockFarOff,
  isStopping,
}: ReadinessContext): (() => Promise<Readiness>) => {
  const readKeys = queryOnce(() => store.listKeys(), STORE_TIMEOUT_MS);
  return async () => {
    if (isStopping()) return 'stopping';
    try {
      const keys = await readKeys();
      if (keys === 'timed_out') return 'store_slow';
      // A stop may have begun in the meantime.
      if (isStopping()) return 'stopping';
      if (noticeKeys(keys)) return 'keys_missing';
      return isClockFarOff() ? 'clock_skewed' : 'ready';
    } catch (error) {
      if (error instanceof StoreError) return 'store_unavailable';
      throw error;
    }
  };
};

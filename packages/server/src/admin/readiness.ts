import { StoreError } from '../errors.ts';
import type { Store } from '../grants/store.ts';
import { askOnce } from './ask-once.ts';

/** Whether this node should get requests, and if not, why. */
export type Readiness =
  'ready' | 'starting' | 'stopping' | 'store_unavailable' | 'store_slow' | 'keys_missing';

/** How long the store has to answer one read. A probe has to wait longer, to be told why. */
export const PATIENCE_MS = 1000;

export type ReadinessContext = {
  readonly store: Pick<Store, 'listKeys'>;
  /** Told the newest key that the store knows of; answers whether the ring lacks it. */
  noticeKey(newestKeyNumber: number): boolean;
  stage(): 'starting' | 'serving' | 'stopping';
};

/** Answers from a read of the store at that moment, never from what is remembered. Never rejects but for a bug. */
export const createReadiness = ({
  store,
  noticeKey,
  stage,
}: ReadinessContext): (() => Promise<Readiness>) => {
  const readNewestKey = askOnce(async () => {
    const keys = await store.listKeys();
    return Math.max(0, ...keys.map(({ number }) => number));
  }, PATIENCE_MS);
  return async () => {
    const now = stage();
    if (now !== 'serving') return now;
    try {
      const newestKeyNumber = await readNewestKey();
      if (newestKeyNumber === 'too_late') return 'store_slow';
      // A stop may have begun while the store was asked.
      if (stage() === 'stopping') return 'stopping';
      return noticeKey(newestKeyNumber) ? 'keys_missing' : 'ready';
    } catch (error) {
      if (error instanceof StoreError) return 'store_unavailable';
      throw error;
    }
  };
};

import { keyMissing } from '../errors.ts';
import type { KeyRing } from '../tokens/key-ring.ts';
import type { Store } from './store.ts';

/** What tells whether another node may have sealed with a key that this one has not read yet. */
export type KeyContext = {
  readonly store: Pick<Store, 'readClient'>;
  readonly keyRing: KeyRing;
  /** Told the newest key that the store knows of; answers whether the ring, read again if need be, lacks it. */
  readonly noticeKey: (newestKeyNumber: number) => boolean;
};

/**
 * Whether there is a newer key than in `ring`, by which something did not open: then it has to be tried again, before
 * anybody is told that it is dead. Throws `StoreError` where the store knows of a key that no ring here has.
 */
export const hasNewerKey = async (context: KeyContext, ring: KeyRing): Promise<boolean> => {
  // What a store remembers of a client, the newest key with it, may be a second old. Of nobody it remembers nothing.
  const { newestKeyNumber } = await context.store.readClient('');
  if (context.noticeKey(newestKeyNumber)) throw keyMissing();
  return context.keyRing.newest.number > ring.newest.number;
};

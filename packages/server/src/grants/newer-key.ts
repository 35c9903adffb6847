import type { ClientStore } from '../clients/client-store.ts';
import { keyMissing } from '../errors.ts';
import type { KeyRing } from '../tokens/key-ring.ts';

/** What it takes to find out whether another node may have sealed with a key that this one has not read yet. */
export type KeyContext = {
  readonly store: Pick<ClientStore, 'readClient'>;
  readonly keyRing: KeyRing;
  /** Given the newest key that the store knows; answers whether the ring, read again if necessary, lacks it. */
  readonly noticeKey: (newestKeyNumber: number) => boolean;
};

/**
 * Whether there is a newer key than in `ring`, with which a token did not open: then it has to be tried again before it
 * is refused. Throws `StoreError` where the store knows a key that no ring here has.
 */
export const hasNewerKey = async (context: KeyContext, ring: KeyRing): Promise<boolean> => {
  // A store may answer for a client, the newest key included, from a cache that is a second old; not for an unknown one.
  const { newestKeyNumber } = await context.store.readClient('');
  if (context.noticeKey(newestKeyNumber)) throw keyMissing();
  return context.keyRing.newest.number > ring.newest.number;
};

import type { ClientStore } from '../clients/client-store.ts';
import { keyMissing } from '../errors.ts';
import type { KeyRing } from '../tokens/key-ring.ts';
import type { RegisteredKey } from '../tokens/key-state.ts';

/** What it takes to find out whether another node may have sealed with a key that this one has not read yet. */
export type KeyContext = {
  readonly store: Pick<ClientStore, 'readClient'>;
  readonly keyRing: KeyRing;
  /** Given the keys that the store knows; answers whether the ring, read again if necessary, lacks one of them. */
  readonly noticeKeys: (registered: readonly RegisteredKey[]) => boolean;
};

/**
 * Whether there is a newer key than in `ring`, with which a token did not open: then it has to be tried again before it
 * is refused. Throws `StoreError` where the store knows a key that no ring here has.
 */
export const hasNewerKey = async (context: KeyContext, ring: KeyRing): Promise<boolean> => {
  // A store may answer for a client, the keys included, from a cache that is a second old; not for an unknown one.
  const { keys } = await context.store.readClient('');
  if (context.noticeKeys(keys)) throw keyMissing();
  return context.keyRing.newestNumber > ring.newestNumber;
};

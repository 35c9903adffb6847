import { KeeperError } from '../errors.ts';
import type { Identity, Store } from '../stores/store.ts';
import type { KeyRing } from '../vault/key-ring.ts';
import { keyIdOf } from '../vault/seal.ts';
import { isUpToDate, readKeyCheck, writeKeyCheck } from './key-check.ts';
import type { KeyedBinder } from './link-binder.ts';

/**
 * Whether the rows of connections in this store must be bound; a store that is new is such a one. Who writes to the database alone cannot
 * change the answer. Throws `KeeperError` where no key opens it.
 */
export const demandsBound = (identity: Identity, keys: KeyRing): boolean =>
  readKeyCheck(identity, keys).isBound;

/** Notes that every row of a connection is bound from now on. */
export const noteBound = (
  store: Pick<Store, 'writeKeyCheck'>,
  identity: Identity,
  keys: KeyRing,
): Promise<void> => writeKeyCheck(store, identity, keys, { ...readKeyCheck(identity, keys), isBound: true });

/**
 * Throws `KeeperError` where the keys are not those of this store: before anything is read or written with them. `links` learns whether
 * connections must be bound. Returns the keys with what the store remembers of former ones.
 */
export const checkKeys = async (store: Store, keys: KeyRing, links: KeyedBinder): Promise<KeyRing> => {
  const identity = await store.identity();
  const { keyCheck } = identity;
  if (keyCheck !== undefined && !keys.all.some(({ id }) => id === keyIdOf(keyCheck)))
    throw new KeeperError(
      'key_wrong',
      `The store was sealed with the key ${keyIdOf(keyCheck)}, and the keys given are ${keys.all.map(({ id }) => id).join(', ')}`,
      'Give the key that this store was made with; a new key goes before it, not in its stead.',
    );
  const check = readKeyCheck(identity, keys);
  if (!isUpToDate(identity, keys, check)) await writeKeyCheck(store, identity, keys, check);
  if (check.isBound) links.demand();
  return { ...keys, former: check.former };
};

/** Demands that connections are bound as soon as another process has bound them all. */
export const demandWhenBound = async (store: Store, keys: KeyRing, links: KeyedBinder): Promise<void> => {
  if (!links.isDemanded() && demandsBound(await store.identity(), keys)) links.demand();
};

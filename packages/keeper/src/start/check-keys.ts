import { KeeperError } from '../errors.ts';
import type { Identity, Store } from '../stores/store.ts';
import type { KeyRing } from '../vault/key-ring.ts';
import { keyIdOf, seal, unseal } from '../vault/seal.ts';
import type { KeyedBinder } from './link-binder.ts';

/** In the text that checks the key: every row of a connection is bound. A store of an earlier version has the id alone. */
const BOUND = 'connections bound';

const bindingOf = (deploymentId: string) => ({ row: deploymentId, column: 'key_check', turn: '1' });

const isBoundText = (text: string, deploymentId: string): boolean => text === `${deploymentId} ${BOUND}`;

/**
 * Whether the rows of connections in this store must be bound; a store that is new is such a one. Who writes to the database alone cannot
 * change the answer. Throws `KeeperError` where no key opens it.
 */
export const demandsBound = ({ deploymentId, keyCheck }: Identity, keys: KeyRing): boolean =>
  keyCheck === undefined || isBoundText(unseal(keys, bindingOf(deploymentId), keyCheck), deploymentId);

/** Notes that every row of a connection is bound from now on. */
export const noteBound = async (
  store: Pick<Store, 'writeKeyCheck'>,
  { deploymentId }: Pick<Identity, 'deploymentId'>,
  keys: KeyRing,
): Promise<void> => {
  await store.writeKeyCheck(seal(keys, bindingOf(deploymentId), `${deploymentId} ${BOUND}`));
};

/**
 * Throws `KeeperError` where the keys are not those of this store: before anything is read or written with them. `links` learns whether
 * connections must be bound.
 */
export const checkKeys = async (store: Store, keys: KeyRing, links: KeyedBinder): Promise<void> => {
  const identity = await store.identity();
  const { deploymentId, keyCheck } = identity;
  if (keyCheck === undefined) await noteBound(store, identity, keys);
  else {
    if (!keys.all.some(({ id }) => id === keyIdOf(keyCheck)))
      throw new KeeperError(
        'key_wrong',
        `The store was sealed with the key ${keyIdOf(keyCheck)}, and the keys given are ${keys.all.map(({ id }) => id).join(', ')}`,
        'Give the key that this store was made with; a new key goes before it, not in its stead.',
      );
    const text = unseal(keys, bindingOf(deploymentId), keyCheck);
    if (keyIdOf(keyCheck) !== keys.current.id)
      await store.writeKeyCheck(seal(keys, bindingOf(deploymentId), text));
  }
  if (demandsBound(identity, keys)) links.demand();
};

/** Demands that connections are bound as soon as another process has bound them all. */
export const demandWhenBound = async (store: Store, keys: KeyRing, links: KeyedBinder): Promise<void> => {
  if (!links.isDemanded() && demandsBound(await store.identity(), keys)) links.demand();
};

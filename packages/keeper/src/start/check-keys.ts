import { KeeperError } from '../errors.ts';
import type { Store } from '../stores/store.ts';
import type { KeyRing } from '../vault/key-ring.ts';
import { keyIdOf, seal, unseal } from '../vault/seal.ts';

/** Throws `KeeperError` where the keys are not those of this store: before anything is read or written with them. */
export const checkKeys = async (store: Store, keys: KeyRing): Promise<void> => {
  const { deploymentId, keyCheck } = await store.identity();
  const binding = { row: deploymentId, column: 'key_check', turn: '1' };
  if (keyCheck !== undefined) {
    if (!keys.all.some(({ id }) => id === keyIdOf(keyCheck)))
      throw new KeeperError(
        'key_wrong',
        `The store was sealed with the key ${keyIdOf(keyCheck)}, and the keys given are ${keys.all.map(({ id }) => id).join(', ')}`,
        'Give the key that this store was made with; a new key goes before it, not in its stead.',
      );
    unseal(keys, binding, keyCheck);
    if (keyIdOf(keyCheck) === keys.current.id) return;
  }
  await store.writeKeyCheck(seal(keys, binding, deploymentId));
};

import { toSeconds } from '../clock.ts';
import type { Seconds } from '../clock.ts';
import type { KeyRing } from '../tokens/key-ring.ts';
import { registrationOf } from '../tokens/key-store.ts';
import type { RegisteredKey } from '../tokens/key-store.ts';
import type { OperationContext } from './context.ts';

/** Adds a key to the ring. It seals from the next request on; older keys still open. Throws `OperatorError` and `StoreError`. */
export const rotateKey = async ({
  store,
  clock,
  keys,
}: Pick<OperationContext, 'store' | 'clock'> & {
  /** Appends a key to the ring. */
  readonly keys: { rotate(createdAt: Seconds): KeyRing };
}): Promise<RegisteredKey> => {
  const key = registrationOf(keys.rotate(toSeconds(clock())).newest);
  await store.registerKey(key);
  return key;
};

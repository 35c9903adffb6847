import { toSeconds } from '../clock.ts';
import type { RegisteredKey } from '../tokens/key-store.ts';
import type { KeyRing } from '../tokens/key-ring.ts';
import type { OperationContext } from './context.ts';

/** Adds a key to the ring. It seals from the next request on; older keys still open. Throws `OperatorError` and `StoreError`. */
export const rotateKey = async ({
  store,
  clock,
  keys,
}: Pick<OperationContext, 'store' | 'clock'> & {
  /** Appends a key to the ring, created at so many integer seconds. */
  readonly keys: { rotate(createdAt: number): KeyRing };
}): Promise<RegisteredKey> => {
  const { number, createdAt, fingerprint } = keys.rotate(toSeconds(clock())).newest;
  const key = { number, createdAt, fingerprint };
  await store.registerKey(key);
  return key;
};

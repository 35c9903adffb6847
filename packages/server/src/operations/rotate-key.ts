import { toSeconds } from '../clock.ts';
import type { RegisteredKey } from '../tokens/key-store.ts';
import type { KeyRing } from '../tokens/key-ring.ts';
import type { OperationContext } from './context.ts';

/** Adds a key to the ring. It seals from the next request on; older keys still open. Throws `OperatorError` and `StoreError`. */
export const rotateKey = async (
  {
    store,
    keys,
  }: Pick<OperationContext, 'store'> & {
    /** Appends a key to the ring, created at so many integer seconds. */
    readonly keys: { rotate(createdAt: number): KeyRing };
  },
  nowMs: number,
): Promise<RegisteredKey> => {
  const { number, createdAt, fingerprint } = keys.rotate(toSeconds(nowMs)).newest;
  const key = { number, createdAt, fingerprint };
  await store.registerKey(key);
  return key;
};

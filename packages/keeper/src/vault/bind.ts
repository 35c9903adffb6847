import { createHmac, timingSafeEqual } from 'node:crypto';
import { bindingKey } from './key-ring.ts';
import type { KeyRing } from './key-ring.ts';

const ID_BYTES = 4;
const HMAC_BYTES = 32;

/** What shows that a text was written by a holder of the keys: the id of the current key (4 bytes) and a HMAC of SHA-256 (32). */
export const bind = ({ current }: KeyRing, text: string): Uint8Array =>
  Buffer.concat([
    Buffer.from(current.id, 'hex'),
    createHmac('sha256', bindingKey(current)).update(text).digest(),
  ]);

/** The id of the key that a binding names; `undefined` where it is no binding. */
export const keyIdOfBinding = (binding: Uint8Array): string | undefined =>
  binding.length === ID_BYTES + HMAC_BYTES
    ? Buffer.from(binding.subarray(0, ID_BYTES)).toString('hex')
    : undefined;

/** Whether a text is the one that was bound, under any key of the ring. */
export const isBound = ({ all }: KeyRing, text: string, binding: Uint8Array): boolean => {
  const key = all.find(({ id }) => id === keyIdOfBinding(binding));
  if (key === undefined) return false;
  const expected = bind({ current: key, all }, text);
  return expected.length === binding.length && timingSafeEqual(expected, binding);
};

/** Whether a binding was made with the current key. */
export const isOfCurrentKey = ({ current }: KeyRing, binding: Uint8Array): boolean =>
  keyIdOfBinding(binding) === current.id;

/** Whether a binding names a key of the ring that is not the current one. */
export const isBoundWithOlderKey = ({ current, all }: KeyRing, binding: Uint8Array): boolean => {
  const keyId = keyIdOfBinding(binding);
  return keyId !== current.id && all.some(({ id }) => id === keyId);
};

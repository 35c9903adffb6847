import type { ServiceKey } from '../stores/service-keys.ts';
import { bind, isBound } from '../vault/bind.ts';
import type { KeyRing } from '../vault/key-ring.ts';

/** All that a key of the service may do. When it was used last is not part of it. */
const textOf = (key: Omit<ServiceKey, 'binding'>): string =>
  JSON.stringify([
    'service key',
    key.name,
    Buffer.from(key.digest).toString('hex'),
    key.scopes,
    key.namePrefix ?? null,
    key.createdAtMs,
    key.expiresAtMs ?? null,
  ]);

/** Binds a key of the service to what it may do: who writes to the database alone can make or widen none. */
export const bindKey = (keys: KeyRing, key: Omit<ServiceKey, 'binding'>): Uint8Array =>
  bind(keys, textOf(key));

/** Whether a key of the service was made by a holder of the keeper's keys, and may do what its row says. */
export const isKeyBound = (keys: KeyRing, key: ServiceKey): boolean =>
  isBound(keys, textOf(key), key.binding);

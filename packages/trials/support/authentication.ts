import type { Emit } from '@keyfob/server';
import { createThrottle } from '@keyfob/server/clients';
import type { Authentication, ClientReading } from '@keyfob/server/clients';
import type { Store } from '@keyfob/server/stores';

/** Authenticates clients without a throttle: thieves in the simulation know the secret and need not guess. */
export const createAuthentication = (
  store: Pick<Store, 'readClient' | 'useOnce'>,
  emit: Emit,
  doubt: Authentication<ClientReading>['doubt'] = () => undefined,
): Authentication<ClientReading> => ({
  readClient: (id) => store.readClient(id),
  throttle: createThrottle({ failuresPerAddressMax: 0, failuresPerClientMax: 0, windowSeconds: 1 }),
  noteSecretUse: () => {},
  issuer: () => 'https://fob.example',
  readPublishedKeys: () => [],
  useOnce: (use, dropBeforeMs) => store.useOnce(use, dropBeforeMs),
  monotonic: () => performance.now(),
  doubt,
  emit,
});

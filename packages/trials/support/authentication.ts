import type { Authentication } from '@keyfob/server/clients/authenticate';
import { createThrottle } from '@keyfob/server/clients/throttle';
import type { Emit } from '@keyfob/server/log-event';
import type { ClientReading } from '@keyfob/server/clients/client-store';
import type { Store } from '@keyfob/server/grants/store';

/** Authenticates clients and slows down nobody: here a thief has the secret, and has nothing to guess. */
export const createAuthentication = (
  { readClient }: Pick<Store, 'readClient'>,
  emit: Emit,
): Authentication<ClientReading> => ({
  readClient,
  throttle: createThrottle({ failuresPerAddressMax: 0, failuresPerClientMax: 0, windowSeconds: 1 }),
  noteSecretUse: () => {},
  emit,
});

import type { Grant } from '../grants/grant.ts';
import { lookupsOf } from '../vault/key-ring.ts';
import type { Engine } from './engine.ts';
import { lookupTextOf } from './pair.ts';

/** Whether a grant has sent this refresh token, under whichever key that was noted. Throws `StoreError`. */
export const wasSent = async (
  { store, keys }: Pick<Engine, 'store' | 'keys'>,
  { id, client }: Pick<Grant, 'id' | 'client'>,
  refreshToken: string,
): Promise<boolean> =>
  store.wasSent(id, lookupsOf(keys, lookupTextOf({ accessToken: '', refreshToken }, client)));

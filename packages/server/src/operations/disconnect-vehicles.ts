import { Refusal } from '../errors.ts';
import type { Access } from './read-access.ts';
import { writeGrantId } from '../tokens/grant-id.ts';
import type { Store } from '../grants/store.ts';
import type { Emit } from '../log-event.ts';
import type { Visit } from '../wire/route.ts';

/**
 * Takes vehicles, by id, out of the grant of an access token, and tells so. Throws a `Refusal` where the grant covers
 * none of them, any more or ever.
 */
export const disconnect = async (
  { store, emit }: { readonly store: Store; readonly emit: Emit },
  { grant, client }: Access,
  vehicleIds: readonly string[],
  {
    exchange: { requestId, nowMs },
    caller,
    endsWhenEmpty,
  }: Pick<Visit, 'exchange' | 'caller'> & { readonly endsWhenEmpty: boolean },
): Promise<void> => {
  const result = await store.disconnectVehicles(grant.id, vehicleIds, { nowMs, requestId, endsWhenEmpty });
  if (result === 'unknown' || result.disconnected.length === 0) throw new Refusal('vehicle_unknown');
  const { dialect, id: clientId } = client;
  const about = { requestId, grantId: writeGrantId(grant.id), clientId };
  emit({ event: 'vehicles.disconnected', ...about, dialect, caller, count: result.disconnected.length });
  if (result.isRevoked) emit({ event: 'grant.revoked', ...about, cause: 'disconnected' });
};

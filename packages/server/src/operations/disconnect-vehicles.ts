import type { Access } from '../grants/judge-access.ts';
import type { Caller } from '../log-event.ts';
import { writeGrantId } from '../tokens/grant-id.ts';
import type { OperationContext } from './context.ts';

/**
 * Removes vehicles, by id, from the grant of an access token. With `endsWhenEmpty` a grant without vehicles is revoked.
 * Reports `vehicles.disconnected`, and `grant.revoked` where it is. Answers `unknown` where the grant does
 * not cover any of the vehicles. Throws `StoreError`.
 */
export const disconnectVehicles = async (
  { store, clock, emit }: Pick<OperationContext, 'store' | 'clock' | 'emit'>,
  { grant, client }: Access,
  vehicleIds: readonly string[],
  {
    requestId,
    caller,
    endsWhenEmpty,
  }: {
    readonly requestId: string;
    readonly caller: Caller;
    readonly endsWhenEmpty: boolean;
  },
): Promise<'disconnected' | 'unknown'> => {
  const result = await store.disconnectVehicles(grant.id, vehicleIds, {
    nowMs: clock(),
    requestId,
    endsWhenEmpty,
  });
  if (result === 'unknown' || result.disconnected.length === 0) return 'unknown';
  const { dialect, id: clientId } = client;
  const about = { requestId, grantId: writeGrantId(grant.id), clientId };
  emit({ event: 'vehicles.disconnected', ...about, dialect, caller, count: result.disconnected.length });
  if (result.isRevoked) emit({ event: 'grant.revoked', ...about, cause: 'disconnected' });
  return 'disconnected';
};

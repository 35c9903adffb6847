import type { VehicleDataChoice } from '../grants/decide-vehicle-data.ts';
import type { Caller } from '../log-event.ts';
import { writeGrantId } from '../tokens/grant-id.ts';
import type { GrantId } from '../tokens/grant-id.ts';
import type { OperationContext } from './context.ts';

/** What an owner does to a grant for vehicle data, and who asks for it. */
export type VehicleDataChange = {
  readonly subject: string;
  readonly grantId: GrantId;
  /** `end` to end the grant. */
  readonly choice: VehicleDataChoice | 'end';
};

type Sender = { readonly requestId: string; readonly caller: Caller };

/**
 * Changes or ends a grant for vehicle data at its owner's wish. Reports `vehicle_data.changed` or `grant.revoked`. Answers `nothing` where
 * the owner has no such grant, or wants what the client did not ask for. Throws `StoreError`.
 */
export const changeVehicleData = async (
  { store, clock, emit }: Pick<OperationContext, 'store' | 'clock' | 'emit'>,
  { subject, grantId, choice }: VehicleDataChange,
  { requestId, caller }: Sender,
): Promise<'changed' | 'ended' | 'nothing'> => {
  const grant = await store.readGrant(grantId);
  if (grant?.vehicleData === undefined || grant.subject !== subject) return 'nothing';
  const about = { requestId, grantId: writeGrantId(grantId), clientId: grant.clientId };
  const auditContext = { nowMs: clock(), requestId };
  if (choice === 'end') {
    const outcome = await store.revoke(grantId, { ...auditContext, cause: 'owner' });
    if (outcome !== 'revoked') return 'nothing';
    emit({ event: 'grant.revoked', ...about, cause: 'owner' });
    return 'ended';
  }
  if ((await store.changeVehicleData(grantId, choice, auditContext)) !== 'changed') return 'nothing';
  emit({ event: 'vehicle_data.changed', ...about, caller });
  return 'changed';
};

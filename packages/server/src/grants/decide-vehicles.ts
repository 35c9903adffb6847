import { decideRevocation } from './decide-revocation.ts';
import type { GrantChange } from './decide-revocation.ts';
import { eventOf } from './grant-events.ts';
import type { Grant } from './grant.ts';
import type { AuditContext } from './grant-store.ts';
import type { Vehicle } from './vehicle.ts';

/** A change of the vehicles that a grant covers. */
export type VehicleChange = GrantChange & { readonly covered: readonly Vehicle[] };

/** Decides an owner's new choice of vehicles. `before`: what the grant covers so far. */
export const decideSelection = (
  grant: Grant | undefined,
  before: readonly Vehicle[],
  chosen: readonly Vehicle[],
  auditContext: AuditContext,
): VehicleChange | 'unknown' | 'revoked' => {
  if (grant === undefined) return 'unknown';
  if (grant.revocation !== undefined) return 'revoked';
  const [removed, added] = [without(before, chosen), without(chosen, before)];
  return {
    grant,
    covered: chosen,
    grantEvents: [
      ...(removed.length > 0
        ? [eventOf('vehicles.disconnected', grant, auditContext, { vehicles: removed })]
        : []),
      ...(added.length > 0 ? [eventOf('vehicles.connected', grant, auditContext, { vehicles: added })] : []),
    ],
  };
};

/** What becomes of a grant when vehicles are taken out of it. */
export type Disconnection = VehicleChange & {
  readonly disconnected: readonly Vehicle[];
  readonly isRevoked: boolean;
};

/** Decides which vehicles leave a grant, and whether the grant, also one that a replay has revoked, ends with the last of them. */
export const decideDisconnection = (
  grant: Grant | undefined,
  before: readonly Vehicle[],
  vehicleIds: readonly string[] | 'all',
  { endsWhenEmpty, nowMs, requestId }: AuditContext & { readonly endsWhenEmpty: boolean },
): Disconnection | 'unknown' => {
  if (grant === undefined) return 'unknown';
  const disconnected = before.filter(({ id }) => vehicleIds === 'all' || vehicleIds.includes(id));
  const covered = without(before, disconnected);
  const auditContext = { nowMs, requestId };
  if (disconnected.length === 0) return { grant, grantEvents: [], disconnected, covered, isRevoked: false };
  const grantEvent = eventOf('vehicles.disconnected', grant, auditContext, { vehicles: disconnected });
  // The event before has named the vehicles.
  const end =
    endsWhenEmpty && covered.length === 0
      ? decideRevocation(grant, { ...auditContext, cause: 'disconnected' }, [])
      : undefined;
  if (typeof end !== 'object')
    return { grant, grantEvents: [grantEvent], disconnected, covered, isRevoked: false };
  const grantEvents = [grantEvent, ...end.grantEvents];
  return { grant: end.grant, grantEvents, disconnected, covered, isRevoked: true };
};

/** Those of a list that are not in the other. */
const without = (list: readonly Vehicle[], others: readonly Vehicle[]): readonly Vehicle[] =>
  list.filter((one) => !others.some((other) => other.id === one.id));

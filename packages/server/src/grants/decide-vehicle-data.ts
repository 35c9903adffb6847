import { endingOf, toSeconds } from '../clock.ts';
import type { Seconds } from '../clock.ts';
import type { GrantChange } from './decide-revocation.ts';
import { eventOf } from './grant-events.ts';
import { agreedSecondsOf } from './grant-lifetime.ts';
import type { AuditContext } from './grant-store.ts';
import { beganAt } from './grant.ts';
import type { Grant } from './grant.ts';
import { CHANGES_MAX } from './vehicle-data.ts';
import type { AgreedChange, VehicleData } from './vehicle-data.ts';

/** What an owner wants a grant for vehicle data to allow from now on. */
export type VehicleDataChoice = {
  readonly data: readonly string[];
  /** `undefined` for as long as the client asked for. */
  readonly until: Seconds | undefined;
};

/** `not_asked`: it is more than the client asked for, or nothing at all. `ended`: the grant is revoked, or its moment has passed. */
export type ChoiceFault = 'unknown' | 'ended' | 'not_asked' | 'unchanged';

/**
 * Decides an owner's change of what a grant for vehicle data allows: less than before, or again up to what the client asked for. What
 * it allows then counts at once, for the tokens that are out already too.
 */
export const decideVehicleData = (
  grant: Grant | undefined,
  choice: VehicleDataChoice,
  auditContext: AuditContext,
): GrantChange | ChoiceFault => {
  const before = grant?.vehicleData;
  if (grant === undefined || before === undefined) return 'unknown';
  if (grant.revocation !== undefined || isOver(grant, auditContext)) return 'ended';
  const { asked } = before;
  const until = choice.until ?? asked.until;
  const data = Object.keys(asked.data).filter((name) => choice.data.includes(name));
  const isAsked =
    data.length > 0 && data.length === new Set(choice.data).size && !isLater(until, asked.until);
  if (!isAsked || (until !== undefined && until <= toSeconds(auditContext.nowMs))) return 'not_asked';
  const isMore = data.some((name) => !before.data.includes(name)) || isLater(until, before.until);
  const isLess = before.data.some((name) => !data.includes(name)) || isLater(before.until, until);
  if (!isMore && !isLess) return 'unchanged';
  const cause = isMore ? 'extended' : 'narrowed';
  const change: AgreedChange = { atMs: auditContext.nowMs, became: cause, data, until };
  const changes = [...(before.changes ?? []), change].slice(-CHANGES_MAX);
  const after: VehicleData = { ...before, data, until, changes };
  return {
    grant: { ...grant, vehicleData: after },
    grantEvents: [eventOf('vehicle_data.changed', grant, auditContext, { cause })],
  };
};

/** Without an end is later than any. */
const isLater = (one: Seconds | undefined, other: Seconds | undefined): boolean =>
  other !== undefined && (one === undefined || one > other);

const isOver = (grant: Grant, { nowMs }: AuditContext): boolean => {
  const agreed = agreedSecondsOf(grant);
  return agreed !== null && endingOf(beganAt(grant), agreed, { nowMs, doubt: undefined }) === 'over';
};

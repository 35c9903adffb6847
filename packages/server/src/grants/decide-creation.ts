import type { GrantChange } from './decide-revocation.ts';
import { eventOf } from './grant-events.ts';
import type { AuditContext } from './grant-store.ts';
import type { Grant } from './grant.ts';
import type { Vehicle } from './vehicle.ts';

/**
 * Decides what a new grant begins with. `vehicles`: what it covers. Without an audit context the time of its event is
 * `createdAtMs`.
 */
export const decideCreation = (
  grant: Grant,
  auditContext: AuditContext = { nowMs: grant.createdAtMs },
  vehicles: readonly Vehicle[] = [],
): GrantChange => ({ grant, grantEvents: [eventOf('grant.created', grant, auditContext, { vehicles })] });

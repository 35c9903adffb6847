import type { NewGrantEvent } from '../outbox/grant-event.ts';
import { eventOf } from './grant-events.ts';
import { isUndoable, revoked } from './grant.ts';
import type { Grant, RevocationCause } from './grant.ts';
import type { AuditContext } from './grant-store.ts';
import type { Vehicle } from './vehicle.ts';

/** A grant as a decision leaves it, and the grant events of the change. */
export type GrantChange = { readonly grant: Grant; readonly grantEvents: readonly NewGrantEvent[] };

/**
 * Decides the revocation of a grant. `vehicles`: what it covers. A grant that a replay has revoked can be revoked once more,
 * by an operator for example, which ends the access tokens that the replay may have left. One that an operator could put back can
 * still be ended for good, by its owner or its client. The moment stays: since then the grant has given nothing.
 */
export const decideRevocation = (
  grant: Grant | undefined,
  { cause, nowMs, requestId }: AuditContext & { readonly cause: RevocationCause },
  vehicles: readonly Vehicle[],
): GrantChange | 'unknown' | 'revoked_before' => {
  if (grant === undefined) return 'unknown';
  const { revocation } = grant;
  if (revocation !== undefined && !adds(revocation, cause)) return 'revoked_before';
  const grantEvent = eventOf('grant.revoked', grant, { nowMs, requestId }, { cause, vehicles });
  const after =
    revocation === undefined
      ? revoked(grant, cause, nowMs)
      : { ...grant, revocation: { ...revocation, cause } };
  return { grant: after, grantEvents: [grantEvent] };
};

/** Whether a further cause ends more than the first one did. */
const adds = (revocation: NonNullable<Grant['revocation']>, cause: RevocationCause): boolean =>
  isUndoable(revocation) && (!isUndoable({ cause }) || (revocation.cause === 'replay' && cause !== 'replay'));

/** Decides the undoing of a revocation. `consent_needed`: its owner or its client ended the grant. */
export const decideReinstatement = (
  grant: Grant | undefined,
  auditContext: AuditContext,
): GrantChange | 'unknown' | 'not_revoked' | 'consent_needed' => {
  if (grant === undefined) return 'unknown';
  if (grant.revocation === undefined) return 'not_revoked';
  if (!isUndoable(grant.revocation)) return 'consent_needed';
  return {
    grant: { ...grant, revocation: undefined },
    grantEvents: [eventOf('grant.reinstated', grant, auditContext)],
  };
};

import type { GrantEventKind, NewGrantEvent } from '../outbox/grant-event.ts';
import type { Grant } from './grant.ts';
import type { AuditContext } from './grant-store.ts';
import type { Vehicle } from './vehicle.ts';

/** The grant event of something that happens to a grant now. */
export const eventOf = (
  kind: GrantEventKind,
  { id: grantId, clientId, subject }: Pick<Grant, 'id' | 'clientId' | 'subject'>,
  { nowMs: atMs, requestId }: AuditContext,
  { cause, vehicles = [] }: { readonly cause?: string; readonly vehicles?: readonly Vehicle[] } = {},
): NewGrantEvent => ({
  atMs,
  kind,
  grantId,
  clientId,
  subject,
  requestId,
  cause,
  vins: vehicles.map(({ vin }) => vin),
});

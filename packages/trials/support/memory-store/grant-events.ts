import type { GrantEventKind } from '@keyfob/server/outbox/grant-event';
import type { Grant } from '@keyfob/server/grants/grant';
import type { AuditContext } from '@keyfob/server/grants/grant-store';
import type { Tables } from './tables.ts';
import { keepGrantEvent } from './webhooks.ts';

/** Keeps what happened to a grant. */
export const tell = (
  tables: Tables,
  kind: GrantEventKind,
  { id: grantId, clientId, subject }: Grant,
  more: AuditContext & { readonly cause?: string; readonly vins?: readonly string[] },
): void => {
  const { nowMs: atMs, requestId, cause, vins = [] } = more;
  keepGrantEvent(tables, { atMs, kind, grantId, clientId, subject, requestId, cause, vins });
};

/** With the vehicles that were shared until then. */
export const tellRevoked = (
  tables: Tables,
  grant: Grant,
  more: AuditContext & { readonly cause: string },
): void => {
  const vins = (tables.vehicles.get(grant.id) ?? []).map(({ vin }) => vin);
  tell(tables, 'grant.revoked', grant, { ...more, vins });
};

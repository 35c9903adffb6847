import type { Client } from '../clients/client.ts';
import { splitScope } from '../clients/scopes.ts';
import { toMillis } from '../clock.ts';
import type { Millis, Now, Seconds } from '../clock.ts';
import { allowedScopeOf } from '../grants/access-scope.ts';
import type { Grant, RevocationCause } from '../grants/grant.ts';
import { personalGrantOf } from '../grants/judge-personal.ts';
import { UNKNOWN } from '../grants/rotation-history.ts';
import { standingOf } from '../grants/standing.ts';
import type { Standing } from '../grants/standing.ts';
import type { VehicleData } from '../grants/vehicle-data.ts';
import type { Vehicle } from '../grants/vehicle.ts';
import type { GrantEvent } from '../outbox/grant-event.ts';
import { writeGrantId } from '../tokens/grant-id.ts';

/** Who ended a consent; `null` where the owner or the client may have been the one. */
export type EndedBy = 'owner' | 'client' | 'operator' | 'server' | 'time' | null;

const ENDED_BY: Readonly<Record<RevocationCause, EndedBy>> = {
  owner: 'owner',
  client: 'client',
  operator: 'operator',
  replay: 'server',
  code_replay: 'server',
  disconnected: null,
};

/** All that is stored about one consent. `grantEvents`: oldest first, `hasOlder` where there are more. */
export type StoredConsent = {
  readonly grant: Grant;
  readonly client: Client;
  readonly vehicles: readonly Vehicle[];
  readonly grantEvents: readonly GrantEvent[];
  readonly hasOlder: boolean;
};

/** The record of one consent, as its owner gets it. Moments are in ISO 8601, `null` stands for none or not known. */
export type ConsentRecord = ReturnType<typeof consentRecordOf>;

/**
 * What one owner allowed one client: what, for which purpose, from when to when, how it ended, and when the client used it, as
 * far as that is kept. Uses from before `keptSinceMs` are left out.
 *
 * @see Regulation (EU) 2023/2854 Art. 5
 */
export const consentRecordOf = (
  { grant, client, vehicles, grantEvents, hasOlder }: StoredConsent,
  { now, keptSinceMs }: { readonly now: Now; readonly keptSinceMs: Millis },
) => {
  const standing = standingOf(grant, client.policy, now);
  return {
    grantId: writeGrantId(grant.id),
    client: { clientId: client.id, name: client.name, developer: client.profile?.developer ?? '' },
    brand: grant.brand ?? null,
    status: standing.status,
    since: isoOf(grant.createdAtMs),
    shownOn: grant.vehicleData?.shown ?? null,
    scope: splitScope(allowedScopeOf(grant, client.policy)),
    vehicleData: grant.vehicleData === undefined ? null : dataOf(grant.vehicleData),
    vehicles: vehicles.map(({ id, vin, make, model, year }) => ({ vehicleId: id, vin, make, model, year })),
    ended: endOf(grant, standing),
    access: {
      tokensIssuedAt: grant.rotatedAtMs.filter((atMs) => atMs !== UNKNOWN && atMs >= keptSinceMs).map(isoOf),
      isEveryUseStored: client.policy.rotation !== 'none' && grant.id !== personalGrantOf(client.policy),
      events: grantEvents.map(({ atMs, kind, cause = null, vins, requestId = null }) => ({
        at: isoOf(atMs),
        kind,
        cause,
        vins,
        requestId,
      })),
      hasOlderEvents: hasOlder,
    },
  };
};

const isoOf = (atMs: Millis): string => new Date(atMs).toISOString();

const momentOf = (at: Seconds | undefined): string | null => (at === undefined ? null : isoOf(toMillis(at)));

const dataOf = ({ data, purpose, until, asked, changes = [] }: VehicleData) => ({
  purpose,
  data,
  until: momentOf(until),
  asked: {
    data: Object.keys(asked.data),
    until: momentOf(asked.until),
    vehicles: asked.vehicles ?? null,
  },
  // Only owners change what they agreed to.
  changes: changes.map((one) => ({
    at: isoOf(one.atMs),
    by: 'owner',
    became: one.became,
    data: one.data,
    until: momentOf(one.until),
  })),
});

const endOf = (
  { revocation, vehicleData }: Grant,
  { status, endsAt }: Standing,
): { readonly at: string; readonly by: EndedBy; readonly cause: string } | null => {
  if (revocation !== undefined)
    return { at: isoOf(revocation.atMs), by: ENDED_BY[revocation.cause], cause: revocation.cause };
  if (status !== 'expired') return null;
  const cause = vehicleData?.until === endsAt ? 'until_passed' : 'expired';
  return { at: isoOf(toMillis(endsAt)), by: 'time', cause };
};

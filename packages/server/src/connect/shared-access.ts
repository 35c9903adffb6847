import type { Client } from '../clients/client.ts';
import { splitScope } from '../clients/scopes.ts';
import { earliestMsOf, toMillis, toSeconds } from '../clock.ts';
import type { Millis, Now } from '../clock.ts';
import { isSharedBy } from '../grants/decide-withdrawal.ts';
import type { CoveringGrant } from '../grants/decide-withdrawal.ts';
import { allowedScopeOf } from '../grants/access-scope.ts';
import { currentIssuedAtMs } from '../grants/grant.ts';
import { hasEndedAccess } from '../grants/judge-access.ts';
import type { Grant } from '../grants/grant.ts';
import { personalGrantOf } from '../grants/judge-personal.ts';
import { accessExpiresAt, standingOf } from '../grants/standing.ts';
import type { Agreed } from './pages/agreement-form.ts';
import type { Vehicle } from '../grants/vehicle.ts';

/** A grant of an owner, and its client. */
export type OwnersGrant = { readonly grant: Grant; readonly client: Client };

/** What an owner shares with one client and, in a dialect that knows brands, for one brand, by however many consents. */
export type SharedAccess = {
  readonly client: Client;
  readonly brand: string | undefined;
  /** Of all its grants together. */
  readonly scope: string;
  /** Of all its grants together, each once. */
  readonly vehicles: readonly Vehicle[];
  /** Whether a vehicle can be removed by itself; not the only one, with which all access would end. */
  readonly canRemoveVehicle: boolean;
  /** When the first of its grants began. */
  readonly sinceMs: Millis;
  /** When the client got its last tokens; `undefined` if some of its uses leave no trace. */
  readonly lastUsedAtMs: Millis | undefined;
  /** Until when a removal at this moment leaves JWTs that others may accept; `undefined` for opaque tokens. */
  readonly offlineUntilMs: Millis | undefined;
  /** Those of its grants that are for vehicle data. */
  readonly agreed: readonly Agreed[];
};

/** Access that was ended, while access tokens of it still work somewhere. */
export type EndedAccess = {
  readonly client: Client;
  readonly brand: string | undefined;
  readonly endedAtMs: Millis;
  readonly worksUntilMs: Millis;
  /** Everywhere, since a replay left them; or only where JWTs are accepted and nobody asks this server. */
  readonly works: 'everywhere' | 'offline';
};

/**
 * The grants of each sharing that works, the one with the newest consent first. One that a clock in doubt may have ended works,
 * and can be removed.
 */
export const groupActive = (
  grants: readonly OwnersGrant[],
  now: Now,
): readonly (readonly OwnersGrant[])[] => {
  const groups: OwnersGrant[][] = [];
  const active = grants.filter(({ grant, client }) => {
    const { status } = standingOf(grant, client.policy, now);
    return status === 'active' || status === 'in_doubt';
  });
  for (const one of active.sort((left, right) => right.grant.createdAtMs - left.grant.createdAtMs)) {
    const group = groups.find(([first]) => first !== undefined && isSharedBy(one.grant, first.grant));
    if (group === undefined) groups.push([one]);
    else group.push(one);
  }
  return groups;
};

/** One sharing from its grants, the newest of which comes first. `endsWhenEmpty`: whether it ends with its last vehicle. */
export const describeShared = (
  client: Client,
  covering: readonly CoveringGrant[],
  { nowMs, endsWhenEmpty }: Pick<Now, 'nowMs'> & { readonly endsWhenEmpty: boolean },
): SharedAccess => {
  const grants = covering.map(({ grant }) => grant);
  const vehicles = new Map<string, Vehicle>();
  for (const vehicle of covering.flatMap((one) => one.vehicles))
    if (!vehicles.has(vehicle.id)) vehicles.set(vehicle.id, vehicle);
  const scopes = new Set(grants.flatMap((grant) => splitScope(allowedScopeOf(grant, client.policy))));
  return {
    client,
    brand: grants[0]?.brand,
    scope: [...scopes].join(' '),
    vehicles: [...vehicles.values()],
    canRemoveVehicle: vehicles.size > 1 || !endsWhenEmpty,
    sinceMs: Math.min(...grants.map(({ createdAtMs }) => createdAtMs)),
    lastUsedAtMs: isEveryUseStored(client, grants) ? Math.max(...grants.map(currentIssuedAtMs)) : undefined,
    agreed: grants.flatMap((grant) => {
      const { vehicleData } = grant;
      return vehicleData === undefined ? [] : [{ grant, vehicleData }];
    }),
    offlineUntilMs: latestOf(grants.map((grant) => offlineUntil(grant, client, nowMs))),
  };
};

/** Whether each new access token of these grants left a moment in the store. */
const isEveryUseStored = ({ policy }: Client, grants: readonly Grant[]): boolean =>
  policy.rotation !== 'none' && grants.every(({ id }) => id !== personalGrantOf(policy));

/** What was ended, and still works for a while; the last to end comes first. */
export const listEnded = (grants: readonly OwnersGrant[], now: Now): readonly EndedAccess[] => {
  const active = groupActive(grants, now).flat();
  const ended: EndedAccess[] = [];
  for (const { grant, client } of grants) {
    const endedAtMs = grant.revocation?.atMs;
    if (endedAtMs === undefined || active.some((one) => isSharedBy(one.grant, grant))) continue;
    const works = hasEndedAccess(grant, client) ? 'offline' : 'everywhere';
    const worksUntilMs =
      works === 'offline' ? offlineUntil(grant, client, endedAtMs) : accessUntil(grant, client, endedAtMs);
    if (worksUntilMs === undefined || worksUntilMs <= earliestMsOf(now)) continue;
    ended.push({ client, brand: grant.brand, endedAtMs, worksUntilMs, works });
  }
  ended.sort((left, right) => right.worksUntilMs - left.worksUntilMs);
  return ended.filter(
    (one, at) => ended.findIndex(({ client, brand }) => client === one.client && brand === one.brand) === at,
  );
};

/** When a JWT that was issued at this moment expires: no later one is issued once the grant has ended. */
const offlineUntil = (grant: Grant, client: Client, issuedAtMs: Millis): Millis | undefined =>
  client.policy.accessTokenFormat === 'jwt' ? accessUntil(grant, client, issuedAtMs) : undefined;

const accessUntil = (grant: Grant, { policy }: Client, issuedAtMs: Millis): Millis =>
  toMillis(accessExpiresAt(grant, policy, toSeconds(issuedAtMs)));

const latestOf = (moments: readonly (Millis | undefined)[]): Millis | undefined => {
  const known = moments.filter((moment) => moment !== undefined);
  return known.length === 0 ? undefined : Math.max(...known);
};

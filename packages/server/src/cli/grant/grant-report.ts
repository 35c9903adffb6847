import type { Caller, GrantDetails, GrantSummary } from '../../exports/index.ts';
import { hasEndedAccess, summarizeVehicleData, toMillis } from '../../exports/grants.ts';
import type { ReplayRecord, Seconds, Vehicle, VehicleData } from '../../exports/grants.ts';
import { writeGrantId } from '../../exports/tokens.ts';
import { alignColumns, showTime, timeOrNull, writeTime } from '../command/output.ts';

/** A grant for programs. Times are ISO 8601. */
export const grantToJson = ({ grant, client, standing }: GrantSummary) => {
  const rotatedAtMs = grant.generation === 0 ? undefined : grant.rotatedAtMs.at(-1);
  return {
    grantId: writeGrantId(grant.id),
    status: standing.status,
    clientId: grant.clientId,
    dialect: client.dialect,
    subject: grant.subject,
    scope: grant.scope,
    brand: grant.brand ?? null,
    createdAt: writeTime(grant.createdAtMs),
    generation: grant.generation,
    keyNumber: grant.keyNumber,
    rotatedAt: timeOrNull(rotatedAtMs),
    rotatedBy: grant.rotatedBy ?? null,
    refreshTokenExpiresAt: writeTime(toMillis(standing.tokenExpiresAt)),
    grantExpiresAt: standing.grantExpiresAt === null ? null : writeTime(toMillis(standing.grantExpiresAt)),
    revokedAt: timeOrNull(grant.revocation?.atMs),
    revocationCause: grant.revocation?.cause ?? null,
  };
};

/** A grant for programs, with its last replay and its vehicles. */
export const detailsToJson = (details: GrantDetails) => ({
  ...grantToJson(details),
  replay: details.replay === undefined ? null : replayToJson(details.replay),
  vehicles: details.vehicles,
  vehicleData: details.grant.vehicleData === undefined ? null : vehicleDataToJson(details.grant.vehicleData),
  keyEnded: details.keyEnded ?? null,
});

const vehicleDataToJson = (vehicleData: VehicleData) => {
  const { until, askedUntil, askedVehicles = null, ...summary } = summarizeVehicleData(vehicleData);
  return { ...summary, until: momentOf(until), askedUntil: momentOf(askedUntil), askedVehicles };
};

const momentOf = (at: Seconds | undefined): string | null =>
  timeOrNull(at === undefined ? undefined : toMillis(at));

const replayToJson = ({ atMs, sinceRotationMs, caller, rotatedBy, ...replay }: ReplayRecord) => ({
  ...replay,
  at: writeTime(atMs),
  secondsSinceRotation: sinceRotationMs === undefined ? null : sinceRotationMs / 1000,
  caller: caller ?? null,
  rotatedBy: rotatedBy ?? null,
});

const IN_DOUBT = 'in doubt: expired by this clock, which may be ahead';

/** A grant for people, with its last replay and its vehicles. */
export const describeGrant = (details: GrantDetails): string => {
  const grant = detailsToJson(details);
  const rotatedBy = grant.rotatedBy === null ? '' : ` by ${showCaller(grant.rotatedBy)}`;
  const rows = [
    ['grant id', grant.grantId],
    ['status', grant.status === 'in_doubt' ? IN_DOUBT : grant.status],
    ['client id', `${grant.clientId} (${grant.dialect})`],
    ['subject', grant.subject],
    ['scope', grant.scope === '' ? '-' : grant.scope],
    ['brand', grant.brand ?? 'any'],
    ['created', showTime(grant.createdAt)],
    ['generation', `${grant.generation}, sealed with key ${grant.keyNumber}${refusedFor(grant.keyEnded)}`],
    ['last rotated', `${showTime(grant.rotatedAt)}${rotatedBy}`],
    ['token expires', showTime(grant.refreshTokenExpiresAt)],
    ['grant expires', showTime(grant.grantExpiresAt)],
    ['revoked', describeRevocation(details)],
  ];
  const replay = grant.replay === null ? '' : describeReplay(grant.replay);
  const vehicleData = grant.vehicleData === null ? '' : describeVehicleData(grant.vehicleData);
  return `${alignColumns(rows)}${describeVehicles(grant.vehicles)}${vehicleData}${replay}`;
};

const refusedFor = (keyEnded: string | null): string =>
  keyEnded === null ? '' : `, which is ${keyEnded}: its token is refused`;

const describeRevocation = ({ grant, client }: GrantDetails): string => {
  const { revocation } = grant;
  if (revocation === undefined) return '-';
  const left = hasEndedAccess(grant, client)
    ? ''
    : '; its access tokens run out, or end with "keyfob grant revoke"';
  return `${showTime(writeTime(revocation.atMs))} (${revocation.cause})${left}`;
};

const describeVehicles = (vehicles: readonly Vehicle[]): string => {
  if (vehicles.length === 0) return '';
  const rows = vehicles.map(({ id, vin, make, model, year, nickname }) => {
    const name = nickname === '' ? '' : ` (${nickname})`;
    return [id, vin, `${make} ${model} ${year}${name}`];
  });
  return `\n\nVehicles\n${alignColumns([['ID', 'VIN', 'VEHICLE'], ...rows])}`;
};

/** What the grant is for, and what its owner has taken back of it. */
const describeVehicleData = (vehicleData: ReturnType<typeof vehicleDataToJson>): string => {
  const { purpose, data, until, askedUntil, askedVehicles } = vehicleData;
  const shownUntil = until ?? 'as long as the policy of the client says';
  const isEarlier = until !== askedUntil;
  const rows = [
    ['purpose', purpose],
    ['until', isEarlier ? `${shownUntil}, chosen by the owner` : shownUntil],
    ...(isEarlier ? [['asked until', askedUntil ?? 'no end']] : []),
    ['asked for vehicles', askedVehicles === null ? 'any, as the owner chooses' : askedVehicles.join(' ')],
  ];
  const dataRows = data.map(({ name, scope, isAllowed }) => [
    name,
    scope,
    isAllowed ? 'allowed' : 'taken back by the owner',
  ]);
  return `\n\nVehicle data\n${alignColumns(rows)}\n${alignColumns([['DATA', 'SCOPES', 'NOW'], ...dataRows])}`;
};

const RESPONSES = {
  revoke: 'refused, and the grant was revoked; "keyfob grant reinstate" undoes that',
  refuse: 'refused; the grant stays active',
  observe: 'refused; the grant stays active under the policy observe, and revoke would have revoked it',
} as const;

const describeReplay = ({ at, times, ...replay }: ReturnType<typeof replayToJson>): string => {
  const { generation, gap, secondsSinceRotation, caller, rotatedBy, looksLike, response } = replay;
  const since = secondsSinceRotation === null ? '' : `, ${secondsSinceRotation} s after the last rotation`;
  const rows = [
    ['replayed', `${showTime(at)}${since} (${times} in total)`],
    ['token', `generation ${generation}, ${gap} behind the current one`],
    ['presented by', showCaller(caller)],
    ['rotated by', showCaller(rotatedBy)],
    ['looks like', looksLike === 'theft' ? 'theft' : 'a lost answer'],
    ['response', RESPONSES[response]],
  ];
  return `\n\nLast replay\n${alignColumns(rows)}`;
};

const showCaller = (caller: Caller | null): string =>
  caller === null
    ? '-'
    : `${caller.address} ${caller.userAgent === '' ? '(no user agent)' : caller.userAgent}`;

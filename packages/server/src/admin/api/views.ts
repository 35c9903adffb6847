import type { Client, ClientSecret } from '../../clients/client.ts';
import { waitsForApproval } from '../../clients/registration.ts';
import type { RegistrationToken } from '../../clients/registration.ts';
import { toMillis } from '../../clock.ts';
import type { Millis, Seconds } from '../../clock.ts';
import type { ReplayRecord } from '../../grants/replay.ts';
import { UNKNOWN } from '../../grants/rotation-history.ts';
import { summarizeVehicleData } from '../../grants/vehicle-data.ts';
import type { VehicleData } from '../../grants/vehicle-data.ts';
import type { Vehicle } from '../../grants/vehicle.ts';
import type { Caller } from '../../log-event.ts';
import type { GrantCount } from '../../operations/count-grants.ts';
import type { WaitingRegistration } from '../../operations/decide-registration.ts';
import type { ClientHealth } from '../../operations/read-client-health.ts';
import type { WrittenFinding } from '../../operations/doctor/finding.ts';
import type { NodeDetails } from '../../operations/read-nodes.ts';
import type { KeyDetails } from '../../operations/read-keys.ts';
import type { Troubles } from '../../operations/read-troubles.ts';
import type { GrantDetails, GrantSummary } from '../../operations/read-grant.ts';
import type { OperatorKey } from '../../operators/operator-key.ts';
import type { Delivery, DeliveryAttempt } from '../../outbox/delivery.ts';
import type { GrantEvent } from '../../outbox/grant-event.ts';
import type { Webhook } from '../../outbox/webhook.ts';
import { writeGrantId } from '../../tokens/grant-id.ts';
import type { Job } from './jobs.ts';

/** Whether owners are named: subjects, VINs, addresses. Where they are not, `null` is in their place. */
export type SeesOwners = boolean;

/** A moment in ISO 8601; `null` for none. */
export const isoOf = (atMs: Millis | undefined): string | null =>
  atMs === undefined ? null : new Date(atMs).toISOString();

const isoOfSeconds = (at: Seconds | null): string | null => (at === null ? null : isoOf(toMillis(at)));

const viewCaller = (caller: Caller | undefined, seesOwners: SeesOwners) =>
  caller === undefined ? null : { address: seesOwners ? caller.address : null, userAgent: caller.userAgent };

export const viewSecret = ({ id, name, createdAtMs, expiresAtMs, lastUsedAtMs }: ClientSecret) => ({
  secretId: id,
  name,
  createdAt: isoOf(createdAtMs),
  expiresAt: isoOf(expiresAtMs),
  lastUsedAt: isoOf(lastUsedAtMs),
});

/** `count`: `null` where grants were not counted, absent in a list. */
export const viewClient = (client: Client, count?: GrantCount | null) => ({
  clientId: client.id,
  name: client.name,
  dialect: client.dialect,
  type: client.type,
  redirectUris: client.redirectUris,
  consentRedirectUri: client.consentRedirectUri ?? null,
  developer: client.profile?.developer ?? '',
  privacyUrl: client.profile?.privacyUrl ?? null,
  createdAt: isoOf(client.createdAtMs),
  disabledAt: isoOf(client.disabledAtMs),
  waitsForApproval: waitsForApproval(client),
  jwks: client.keys !== undefined && 'jwks' in client.keys ? { keys: client.keys.jwks } : null,
  jwksUri: client.keys !== undefined && 'jwksUri' in client.keys ? client.keys.jwksUri : null,
  policy: client.policy,
  secrets: client.secrets.map(viewSecret),
  ...(count === undefined ? {} : (count ?? { grants: null, hasMoreGrants: null })),
});

export const viewWaiting = ({ client, registration, kind, metadata, widened }: WaitingRegistration) => ({
  clientId: client.id,
  clientName: client.name,
  dialect: client.dialect,
  kind,
  version: registration.version,
  profile: registration.terms.profile,
  registeredAt: isoOf(client.createdAtMs),
  widened,
  metadata,
});

export const viewRegistrationToken = ({
  id,
  name,
  terms,
  usesLeft,
  createdAtMs,
  expiresAtMs,
}: RegistrationToken) => ({
  tokenId: id,
  name,
  ...terms,
  usesLeft,
  createdAt: isoOf(createdAtMs),
  expiresAt: isoOf(expiresAtMs),
});

export const viewGrant = ({ grant, client, standing }: GrantSummary, seesOwners: SeesOwners) => ({
  grantId: writeGrantId(grant.id),
  status: standing.status,
  clientId: grant.clientId,
  clientName: client.name,
  dialect: client.dialect,
  subject: seesOwners ? grant.subject : null,
  scope: grant.scope,
  brand: grant.brand ?? null,
  createdAt: isoOf(grant.createdAtMs),
  generation: grant.generation,
  keyNumber: grant.keyNumber,
  rotatedAt: isoOf(grant.generation === 0 ? undefined : grant.rotatedAtMs.at(-1)),
  rotatedBy: viewCaller(grant.rotatedBy, seesOwners),
  refreshTokenExpiresAt: isoOfSeconds(standing.tokenExpiresAt),
  grantExpiresAt: isoOfSeconds(standing.grantExpiresAt),
  endsAt: isoOfSeconds(standing.endsAt),
  revokedAt: isoOf(grant.revocation?.atMs),
  revocationCause: grant.revocation?.cause ?? null,
});

/** A grant that a search found, by what its owner says of it. */
export const viewFound = (found: GrantSummary, vehicles: readonly Vehicle[], seesOwners: SeesOwners) => ({
  ...viewGrant(found, seesOwners),
  vehicles: vehicles.map((vehicle) => viewVehicle(vehicle, seesOwners)),
});

const viewReplay = (replay: ReplayRecord, seesOwners: SeesOwners) => ({
  at: isoOf(replay.atMs),
  times: replay.times,
  generation: replay.generation,
  gap: replay.gap,
  secondsSinceRotation: replay.sinceRotationMs === undefined ? null : replay.sinceRotationMs / 1000,
  presentedBy: viewCaller(replay.caller, seesOwners),
  rotatedBy: viewCaller(replay.rotatedBy, seesOwners),
  looksLike: replay.looksLike,
  response: replay.response,
});

const viewVehicle = ({ vin, make, model, year, nickname }: Vehicle, seesOwners: SeesOwners) => ({
  vin: seesOwners ? vin : null,
  make,
  model,
  year,
  nickname: seesOwners ? nickname : null,
});

const viewVehicleData = (vehicleData: VehicleData, seesOwners: SeesOwners) => {
  const { until = null, askedUntil = null, askedVehicles, ...summary } = summarizeVehicleData(vehicleData);
  return {
    ...summary,
    until: isoOfSeconds(until),
    askedUntil: isoOfSeconds(askedUntil),
    /** `null` where the owner chose among all vehicles. */
    askedVehicles: askedVehicles?.map((vehicle) => (seesOwners ? vehicle : null)) ?? null,
  };
};

export const viewDetails = (details: GrantDetails, seesOwners: SeesOwners) => ({
  ...viewGrant(details, seesOwners),
  /** When the last generations were made, oldest first; `null` where the store has lost the moment. */
  rotations: details.grant.rotatedAtMs.map((atMs) => isoOf(atMs === UNKNOWN ? undefined : atMs)),
  replay: details.replay === undefined ? null : viewReplay(details.replay, seesOwners),
  vehicles: details.vehicles.map((vehicle) => viewVehicle(vehicle, seesOwners)),
  /** What it is for, where its client asked for vehicle data by name (RFC 9396). */
  vehicleData:
    details.grant.vehicleData === undefined ? null : viewVehicleData(details.grant.vehicleData, seesOwners),
  /** As what the key of the newest refresh token was withdrawn, where that token is refused for it. */
  keyEnded: details.keyEnded ?? null,
});

export const viewEvent = (event: GrantEvent, seesOwners: SeesOwners) => ({
  eventId: event.id,
  sequence: event.sequence,
  at: isoOf(event.atMs),
  kind: event.kind,
  grantId: writeGrantId(event.grantId),
  clientId: event.clientId,
  subject: seesOwners ? event.subject : null,
  requestId: event.requestId ?? null,
  cause: event.cause ?? null,
  vins: seesOwners ? event.vins : event.vins.map(() => null),
});

/** The query of a webhook's URL may hold a secret of its receiver, so only those who may change webhooks read it. */
export const viewWebhook = (webhook: Webhook, seesUrl: boolean) => ({
  webhookId: webhook.id,
  url: seesUrl ? webhook.url : new URL(webhook.url).origin,
  format: webhook.format,
  clientId: webhook.clientId ?? null,
  events: webhook.kinds,
  keyNumber: webhook.keyNumber,
  createdAt: isoOf(webhook.createdAtMs),
  disabledAt: isoOf(webhook.disabledAtMs),
});

export const viewDelivery = (delivery: Delivery, seesOwners: SeesOwners) => ({
  webhookId: delivery.webhookId,
  state: delivery.state,
  attempts: delivery.attempts,
  nextAt: isoOf(delivery.nextAtMs),
  deliveredAt: isoOf(delivery.deliveredAtMs),
  lastStatus: delivery.lastStatus ?? null,
  lastError: delivery.lastError ?? null,
  event: viewEvent(delivery.grantEvent, seesOwners),
});

export const viewAttempt = ({ attempt, atMs, tookMs, status, error }: DeliveryAttempt) => ({
  attempt,
  at: isoOf(atMs),
  tookMs,
  status: status ?? null,
  error: error ?? null,
});

/** `null` stands for what was not counted. */
export const viewKey = (key: KeyDetails, isCounted = true) => ({
  number: key.number,
  purpose: key.purpose,
  state: key.state,
  since: isoOf(key.sinceMs),
  createdAt: isoOf(key.createdAtMs),
  fingerprint: key.fingerprint,
  isInRing: key.isInRing,
  isInUse: isCounted || key.purpose !== 'seal' ? key.isInUse : null,
  grants: isCounted || key.purpose !== 'seal' ? key.grants : null,
  webhooks: key.webhooks,
});

export const viewNode = (
  node: NodeDetails,
  { isThis, seesMachines }: { readonly isThis: boolean; readonly seesMachines: boolean },
) => ({
  nodeId: node.id,
  state: node.state,
  isThis,
  version: node.version,
  host: seesMachines ? node.host : null,
  processId: seesMachines ? node.processId : null,
  url: node.url === '' || !seesMachines ? null : node.url,
  startedAt: isoOf(node.startedAtMs),
  seenAt: isoOf(node.seenAtMs),
  clockAheadMs: node.skewMs,
});

/** Checks whose findings name no path, host or address. */
const PLACELESS: ReadonlySet<string> = new Set(['ready', 'node', 'key ages', 'key states', 'webhooks']);

/** What a check found. Everybody sees the verdict. */
export const viewFinding = ({ check, verdict, finding, remedy }: WrittenFinding, seesMachines: boolean) => {
  const isShown = seesMachines || PLACELESS.has(check);
  return { check, verdict, finding: isShown ? finding : null, remedy: isShown ? remedy : null };
};

export const viewTrouble = ({
  event,
  reason,
  clientId,
  clientName,
  count,
  lastAtMs,
  parts,
}: Troubles['groups'][number]) => ({
  event,
  reason: reason === '' ? null : reason,
  clientId: clientId === '' ? null : clientId,
  clientName: clientName === '' ? null : clientName,
  count,
  lastAt: isoOf(lastAtMs),
  parts,
});

export const viewOperatorKey = (key: OperatorKey) => ({
  keyId: key.id,
  name: key.name,
  role: key.role,
  clientIds: key.clientIds,
  createdAt: isoOf(key.createdAtMs),
  expiresAt: isoOf(key.expiresAtMs),
  lastUsedAt: isoOf(key.lastUsedAtMs),
});

export const viewJob = ({ id, startedAtMs, ...job }: Job) => ({
  jobId: id,
  ...job,
  startedAt: isoOf(startedAtMs),
});

export const viewHealth = ({ troubles, ...health }: ClientHealth) => ({
  ...health,
  troubles: troubles.map(({ lastAtMs, ...trouble }) => ({ ...trouble, lastAt: isoOf(lastAtMs) })),
});

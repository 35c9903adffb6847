import type * as v from 'valibot';
import type { GrantDetails } from '@keyfob/server';
import type { Millis } from '@keyfob/server/grants';
import { writeGrantId } from '@keyfob/server/tokens';
import type { Advanced } from '../clock/advance-clock.ts';
import type { Fault } from '../faults/fault.ts';
import type { Holds } from '../grants/holds.ts';
import type { JournalEntry } from '../journal/entry.ts';
import type { Scenario } from '../scenarios/scenario.ts';
import { dialectsOf } from '../scenarios/scenarios.ts';
import type { StartedScenario } from '../scenarios/start-scenario.ts';
import { environmentsOf } from '../worlds/environment.ts';
import type { World } from '../worlds/world.ts';
import type {
  advancedShape,
  clockShape,
  faultShape,
  grantShape,
  holdsShape,
  requestShape,
  scenarioShape,
  startedScenarioShape,
  worldShape,
} from './shapes.ts';

type Shown<Shape extends v.GenericSchema> = v.InferInput<Shape>;

export const iso = (atMs: Millis): string => new Date(atMs).toISOString();

export const showClock = ({ clock }: World): Shown<typeof clockShape> => {
  const { nowMs, ...rest } = clock.read();
  return { now: iso(nowMs), nowMs, ...rest };
};

export const showWorld = (world: World): Shown<typeof worldShape> => ({
  id: world.id,
  url: world.url,
  seed: world.definition.seed,
  clock: showClock(world),
  autoConsent: world.definition.autoConsent,
  clients: Object.fromEntries(
    world.clients
      .list()
      .map(({ redirectUris, ...client }) => [client.name, { ...client, redirectUris: [...redirectUris] }]),
  ),
  environment: environmentsOf(world.url, world.clients.find),
});

export const showAdvanced = ({ fromMs, nowMs, happened, more }: Advanced): Shown<typeof advancedShape> => ({
  from: iso(fromMs),
  now: iso(nowMs),
  nowMs,
  happened: happened.map(({ atMs, ...rest }) => ({ at: iso(atMs), ...rest })),
  more,
});

export const showGrant = (world: World, details: GrantDetails): Shown<typeof grantShape> => {
  const { grant, client, standing, vehicles, replay } = details;
  const skewMs = world.clock.read().skewSeconds * 1000;
  const toWorld = (serverMs: Millis): string => iso(serverMs - skewMs);
  return {
    grant: world.grants.nameOf(grant.id),
    id: writeGrantId(grant.id),
    client: world.clients.findById(client.id)?.name ?? client.id,
    dialect: client.dialect,
    subject: grant.subject,
    scope: grant.scope,
    brand: grant.brand ?? null,
    status: standing.status,
    generation: grant.generation,
    createdAt: toWorld(grant.createdAtMs),
    expiresAt: toWorld(standing.expiresAt * 1000),
    rotatedAt: grant.rotatedAtMs.filter((atMs) => atMs > 0).map(toWorld),
    revoked:
      grant.revocation === undefined
        ? null
        : { at: toWorld(grant.revocation.atMs), cause: grant.revocation.cause },
    vehicles: vehicles.map(({ id, vin, make, model, year }) => ({ id, vin, make, model, year })),
    replay:
      replay === undefined
        ? null
        : { at: toWorld(replay.atMs), generation: replay.generation, looksLike: replay.looksLike },
  };
};

export const showHolds = (world: World, holds: Holds): Shown<typeof holdsShape> => {
  const { grant, generation, currentGeneration, isCurrent: current, untilMs, ...rest } = holds;
  const id = grant === undefined ? undefined : world.grants.find(grant);
  return {
    ...rest,
    grant: grant ?? null,
    grantId: id === undefined ? null : writeGrantId(id),
    generation: generation ?? null,
    currentGeneration: currentGeneration ?? null,
    current,
    until: untilMs === undefined ? null : iso(untilMs),
  };
};

export const showFault = ({ scenario, ...fault }: Fault): Shown<typeof faultShape> => ({
  ...fault,
  scenario: scenario ?? null,
});

export const showScenario = (scenario: Scenario): Shown<typeof scenarioShape> => {
  const { name, serverDoes, clientDoes, source, committed } = scenario;
  return { name, serverDoes, clientDoes, source, committed, dialects: [...dialectsOf(scenario)] };
};

export const showStarted = (started: StartedScenario): Shown<typeof startedScenarioShape> => {
  const { scenario, url, certificate, client, secretBefore, grant, created, faults, did, willDo } = started;
  return {
    ...showScenario(scenario),
    url,
    certificate: certificate ?? null,
    client: { ...client, redirectUris: [...client.redirectUris] },
    secretBefore: secretBefore ?? null,
    grant,
    grants: created.map(({ client: { name, clientId, dialect }, ...rest }) => ({
      ...rest,
      client: name,
      clientId,
      dialect,
    })),
    faults: faults.map(({ id }) => ({ id })),
    did: [...did],
    willDo: [...willDo],
  };
};

export const showRequest = (entry: JournalEntry): Shown<typeof requestShape> => {
  const {
    atMs,
    isCommitted: committed,
    answer,
    grantType,
    client,
    grant,
    token,
    because,
    sent,
    ...rest
  } = entry;
  return {
    ...rest,
    endpoint: entry.endpoint as Shown<typeof requestShape>['endpoint'],
    at: iso(atMs),
    sent: {
      authentication: sent.authentication,
      contentType: sent.contentType ?? null,
      parameters: [...sent.parameters],
      scope: sent.scope ?? null,
      redirectUri: sent.redirectUri ?? null,
    },
    grantType: grantType ?? null,
    client: client ?? null,
    grant: grant ?? null,
    token: token ?? null,
    because: because ?? null,
    committed,
    faults: [...entry.faults],
    answer:
      answer === undefined
        ? null
        : {
            status: answer.status,
            refreshToken: answer.refreshToken ?? null,
            accessToken: answer.accessToken ?? null,
            error: answer.error ?? null,
            retryAfterSeconds: answer.retryAfterSeconds ?? null,
            madeUp: answer.isMadeUp,
          },
    deliveredBytes: entry.deliveredBytes ?? null,
    tookMs: entry.tookMs ?? null,
  };
};

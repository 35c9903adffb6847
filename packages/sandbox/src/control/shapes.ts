import * as v from 'valibot';
import { DELIVERY_STATES, GRANT_EVENT_KINDS } from '@keyfob/server/webhooks';
import { ENDPOINTS, faultAction, faultTarget } from '../faults/fault.ts';
import { HAPPENINGS } from '../clock/happening.ts';
import { DELIVERIES, STAGES, VERDICTS } from '../journal/entry.ts';

/** A moment in ISO 8601, UTC. */
export const momentShape = v.pipe(v.string(), v.isoTimestamp());
const count = v.pipe(v.number(), v.integer(), v.minValue(0));

export const clockShape = v.object({
  now: momentShape,
  /** The same in milliseconds since 1970. */
  nowMs: count,
  mode: v.picklist(['frozen', 'running']),
  rate: v.number(),
  skewSeconds: v.number(),
});

export const clientShape = v.object({
  name: v.string(),
  dialect: v.string(),
  clientId: v.string(),
  clientSecret: v.string(),
  redirectUris: v.array(v.string()),
});

export const environmentShape = v.record(v.string(), v.record(v.string(), v.string()));

export const worldShape = v.object({
  id: v.string(),
  url: v.string(),
  seed: v.string(),
  clock: clockShape,
  autoConsent: v.boolean(),
  /** By their names. */
  clients: v.record(v.string(), clientShape),
  /** The variables that each known SDK reads, by the name of the SDK. */
  environment: environmentShape,
});

export const worldListShape = v.object({
  worlds: v.array(v.object({ id: v.string(), url: v.string(), now: momentShape, grants: count })),
});

export const advancedShape = v.object({
  from: momentShape,
  now: momentShape,
  nowMs: count,
  happened: v.array(
    v.object({
      at: momentShape,
      kind: v.picklist(HAPPENINGS),
      grant: v.optional(v.string()),
      client: v.optional(v.string()),
      says: v.string(),
    }),
  ),
  /** How many more happened than are listed. */
  more: count,
});

export const createdGrantShape = v.object({
  grant: v.string(),
  client: v.string(),
  clientId: v.string(),
  dialect: v.string(),
  accessToken: v.string(),
  refreshToken: v.string(),
  /** Of the access token; negative where it has expired already. */
  expiresInSeconds: v.number(),
});

export const grantShape = v.object({
  grant: v.string(),
  /** As log events and the operator's commands have it. */
  id: v.string(),
  client: v.string(),
  dialect: v.string(),
  subject: v.string(),
  scope: v.string(),
  brand: v.nullable(v.string()),
  status: v.picklist(['active', 'in_doubt', 'expired', 'revoked']),
  generation: count,
  createdAt: momentShape,
  /** When its current refresh token expires if nothing happens. */
  expiresAt: momentShape,
  /** The last moments at which it was refreshed, oldest first. */
  rotatedAt: v.array(momentShape),
  revoked: v.nullable(v.object({ at: momentShape, cause: v.string() })),
  vehicles: v.array(
    v.object({ id: v.string(), vin: v.string(), make: v.string(), model: v.string(), year: v.number() }),
  ),
  /** The last replay, with what it looks like. */
  replay: v.nullable(v.object({ at: momentShape, generation: count, looksLike: v.string() })),
});

export const grantListShape = v.object({ grants: v.array(grantShape) });

export const rotatedShape = v.object({
  grant: v.string(),
  generation: count,
  accessToken: v.string(),
  refreshToken: v.string(),
});

export const holdsShape = v.object({
  kind: v.picklist(['refresh_token', 'access_token', 'code', 'unknown']),
  grant: v.nullable(v.string()),
  /** As log events have it. */
  grantId: v.nullable(v.string()),
  generation: v.nullable(count),
  currentGeneration: v.nullable(count),
  current: v.boolean(),
  wouldBe: v.picklist(['rotate', 'repeat', 'resync', 'replay', 'refuse', 'accept']),
  because: v.string(),
  until: v.nullable(momentShape),
});

/** What each refresh token of a grant would cause, the current one first. */
export const tokenListShape = v.object({
  grant: v.string(),
  tokens: v.array(v.object({ token: v.string(), ...holdsShape.entries })),
  /** How many older ones are not listed. */
  more: count,
});

export const faultShape = v.object({
  id: v.string(),
  on: faultTarget,
  do: faultAction,
  times: v.union([count, v.literal('always')]),
  scenario: v.nullable(v.string()),
  /** Requests that fitted its endpoint, client and grant. */
  seen: count,
  fired: count,
  isOver: v.boolean(),
});

export const scenarioShape = v.object({
  name: v.string(),
  serverDoes: v.string(),
  clientDoes: v.string(),
  /** Where it happened to somebody. */
  source: v.string(),
  /** Whether the server has exchanged the token where something goes wrong. */
  committed: v.picklist(['yes', 'no', 'once', 'either', 'nothing to commit']),
  /** The dialects that have it. */
  dialects: v.array(v.string()),
});

export const scenarioListShape = v.object({ scenarios: v.array(scenarioShape) });

export const startedScenarioShape = v.object({
  ...scenarioShape.entries,
  /** Where the client sends its requests. */
  url: v.string(),
  /** What the client has to trust there, in PEM. */
  certificate: v.nullable(v.string()),
  /** As it is now. */
  client: clientShape,
  /** The secret before, where the scenario has rolled it. */
  secretBefore: v.nullable(v.string()),
  /** The grant that it is about. */
  grant: v.string(),
  /** The grants that it has made, that one first. */
  grants: v.array(createdGrantShape),
  faults: v.array(v.object({ id: v.string() })),
  /** What was done at once, in sentences. */
  did: v.array(v.string()),
  /** What follows before later requests, in sentences. */
  willDo: v.array(v.string()),
});

export const runningScenarioListShape = v.object({
  scenarios: v.array(
    v.object({ name: v.string(), grant: v.string(), did: v.array(v.string()), willDo: v.array(v.string()) }),
  ),
});

export const faultListShape = v.object({ faults: v.array(faultShape) });

export const requestShape = v.object({
  number: count,
  /** Counts every change of every entry: the `after` from which this one is listed no more. */
  sequence: count,
  /** What `sequence` was when it arrived: a request with a smaller `sequence` was over by then. */
  arrivedSequence: count,
  /** Real milliseconds from the creation of the world to its arrival. */
  arrivedRealMs: count,
  stage: v.picklist(STAGES),
  at: momentShape,
  requestId: v.string(),
  method: v.string(),
  path: v.string(),
  endpoint: v.picklist([...ENDPOINTS, 'other']),
  grantType: v.nullable(v.string()),
  client: v.nullable(v.string()),
  grant: v.nullable(v.string()),
  /** Such as `g1/3`: never the token itself. */
  token: v.nullable(v.string()),
  /** How it was made. */
  sent: v.object({
    authentication: v.picklist(['basic', 'body', 'bearer', 'none']),
    contentType: v.nullable(v.string()),
    parameters: v.array(v.string()),
    scope: v.nullable(v.string()),
    redirectUri: v.nullable(v.string()),
  }),
  userAgent: v.string(),
  verdict: v.picklist(VERDICTS),
  because: v.nullable(v.string()),
  says: v.string(),
  committed: v.boolean(),
  faults: v.array(v.string()),
  answer: v.nullable(
    v.object({
      status: count,
      refreshToken: v.nullable(v.string()),
      accessToken: v.nullable(v.string()),
      error: v.nullable(v.string()),
      /** Of its `Retry-After`, counted from the answer. */
      retryAfterSeconds: v.nullable(count),
      madeUp: v.boolean(),
    }),
  ),
  delivered: v.picklist(DELIVERIES),
  deliveredBytes: v.nullable(count),
  tookMs: v.nullable(count),
});

export const requestPageShape = v.object({
  requests: v.array(requestShape),
  /** For the next `after`. */
  next: count,
  /** How many entries were dropped, because the journal holds the newest only. */
  dropped: count,
});

export const checkpointShape = v.object({ checkpoint: count, at: momentShape });
export const checkpointListShape = v.object({ checkpoints: v.array(checkpointShape) });

export const webhookShape = v.object({
  id: v.string(),
  url: v.string(),
  format: v.string(),
  client: v.nullable(v.string()),
  kinds: v.array(v.picklist(GRANT_EVENT_KINDS)),
  /** With which its messages are signed. */
  secret: v.string(),
});
export const webhookListShape = v.object({ webhooks: v.array(webhookShape) });

export const deliveryListShape = v.object({
  deliveries: v.array(
    v.object({
      id: v.string(),
      kind: v.picklist(GRANT_EVENT_KINDS),
      grant: v.string(),
      at: momentShape,
      state: v.picklist(DELIVERY_STATES),
      attempts: count,
      nextAt: v.nullable(momentShape),
      deliveredAt: v.nullable(momentShape),
      lastStatus: v.nullable(count),
    }),
  ),
});

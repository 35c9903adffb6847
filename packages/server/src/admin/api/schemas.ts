import { STATUSES } from '../../grants/standing.ts';
import { OPERATOR_KINDS } from '../../operators/operator.ts';
import { ROLES } from '../../operators/role.ts';
import { VERDICTS } from '../../operations/doctor/finding.ts';
import { REFUSAL_EVENTS, REPLAY_EVENTS } from '../../operators/trouble.ts';
import { DELIVERY_STATES } from '../../outbox/delivery.ts';
import { GRANT_EVENT_KINDS } from '../../outbox/grant-event.ts';
import type { JsonSchema } from './fields.ts';
import { JOB_ACTIONS } from './jobs.ts';
import { PROBLEMS } from './problem.ts';

const T = { type: 'string' } as const;
const N = { type: 'integer' } as const;
const B = { type: 'boolean' } as const;
const O = { type: 'object' } as const;
const NULL = { type: 'null' } as const;
const AT = { type: 'string', format: 'date-time' } as const;
const orNull = (schema: JsonSchema): JsonSchema => ({ anyOf: [schema, NULL] });
const oneOf = (values: readonly string[]): JsonSchema => ({ type: 'string', enum: values });
const list = (items: JsonSchema): JsonSchema => ({ type: 'array', items });
const ref = (name: string): JsonSchema => ({ $ref: `#/components/schemas/${name}` });
const object = (members: Readonly<Record<string, JsonSchema>>): JsonSchema => ({
  type: 'object',
  properties: members,
  required: Object.keys(members),
  additionalProperties: false,
});
const page = (name: string, items: string): JsonSchema =>
  object({ [name]: list(ref(items)), next: orNull(T) });

const CALLER = orNull(object({ address: orNull(T), userAgent: T }));
const SECRET = { secretId: T, name: T, createdAt: AT, expiresAt: orNull(AT), lastUsedAt: orNull(AT) };
const CLIENT = {
  clientId: T,
  name: T,
  dialect: T,
  type: T,
  redirectUris: list(T),
  consentRedirectUri: orNull(T),
  developer: T,
  privacyUrl: orNull(T),
  createdAt: AT,
  disabledAt: orNull(AT),
  jwks: orNull(O),
  jwksUri: orNull(T),
  policy: O,
  secrets: list(ref('Secret')),
};
const GRANT = {
  grantId: T,
  status: oneOf(STATUSES),
  clientId: T,
  clientName: T,
  dialect: T,
  subject: orNull(T),
  scope: T,
  brand: orNull(T),
  createdAt: AT,
  generation: N,
  keyNumber: N,
  rotatedAt: orNull(AT),
  rotatedBy: CALLER,
  refreshTokenExpiresAt: AT,
  grantExpiresAt: orNull(AT),
  endsAt: AT,
  revokedAt: orNull(AT),
  revocationCause: orNull(T),
};
const WEBHOOK = {
  webhookId: T,
  url: T,
  format: T,
  clientId: orNull(T),
  events: list(oneOf(GRANT_EVENT_KINDS)),
  keyNumber: N,
  createdAt: AT,
  disabledAt: orNull(AT),
};
const OPERATOR_KEY = {
  keyId: T,
  name: T,
  role: oneOf(ROLES),
  clientIds: list(T),
  createdAt: AT,
  expiresAt: AT,
  lastUsedAt: orNull(AT),
};

/** The schemas of answers, by their names. `null` stands for what the role may not see. */
export const SCHEMAS: Readonly<Record<string, JsonSchema>> = {
  Secret: object(SECRET),
  SecretAdded: object({ ...SECRET, clientSecret: T }),
  ClientSummary: object(CLIENT),
  ClientList: page('clients', 'ClientSummary'),
  Client: object({ ...CLIENT, grants: orNull(N) }),
  ClientHealth: object({
    grants: N,
    lookedAt: N,
    states: object(Object.fromEntries(STATUSES.map((status) => [status, N]))),
    expiringSoon: N,
    troubles: list(
      object({
        kind: oneOf(['grant.revoked', 'grant.replayed']),
        cause: T,
        count: N,
        days: list(N),
        grantIds: list(T),
        lastAt: AT,
      }),
    ),
    isTroublesPartial: B,
  }),
  ClientRegistered: object({ ...CLIENT, grants: N, clientSecret: orNull(T) }),
  GrantSummary: object(GRANT),
  GrantList: page('grants', 'GrantSummary'),
  GrantsFound: object({ grants: list(ref('GrantSummary')), next: orNull(T), token: orNull(O) }),
  Grant: object({
    ...GRANT,
    rotations: list(AT),
    replay: orNull(
      object({
        at: AT,
        times: N,
        generation: N,
        gap: N,
        secondsSinceRotation: orNull({ type: 'number' }),
        presentedBy: CALLER,
        rotatedBy: CALLER,
        looksLike: oneOf(['lost_answer', 'theft']),
        response: T,
      }),
    ),
    vehicleData: orNull(
      object({
        purpose: T,
        data: list(object({ name: T, scope: T, isAllowed: B })),
        until: orNull(AT),
        askedUntil: orNull(AT),
        askedVehicles: orNull(list(orNull(T))),
        isNarrowed: B,
      }),
    ),
    keyEnded: orNull(oneOf(['compromised', 'retired'])),
    vehicles: list(object({ vin: orNull(T), make: T, model: T, year: N, nickname: orNull(T) })),
    events: list(ref('Event')),
  }),
  Event: object({
    eventId: T,
    sequence: N,
    at: AT,
    kind: oneOf(GRANT_EVENT_KINDS),
    grantId: T,
    clientId: T,
    subject: orNull(T),
    requestId: orNull(T),
    cause: orNull(T),
    vins: list(orNull(T)),
  }),
  EventList: page('events', 'Event'),
  Webhook: object(WEBHOOK),
  WebhookWithSecret: object({ ...WEBHOOK, secret: orNull(T) }),
  WebhookList: object({ webhooks: list(ref('Webhook')) }),
  WebhookTested: object({ status: orNull(N), error: orNull(T) }),
  WebhookRetried: object({ due: N }),
  SessionsEnded: object({ ended: N }),
  Delivery: object({
    webhookId: T,
    state: oneOf(DELIVERY_STATES),
    attempts: N,
    nextAt: orNull(AT),
    deliveredAt: orNull(AT),
    lastStatus: orNull(N),
    lastError: orNull(T),
    event: ref('Event'),
  }),
  DeliveryList: page('deliveries', 'Delivery'),
  Attempt: object({ attempt: N, at: AT, tookMs: N, status: orNull(N), error: orNull(T) }),
  AttemptList: object({ delivery: ref('Delivery'), attempts: list(ref('Attempt')) }),
  GrantCount: object({ count: N }),
  Job: object({
    jobId: T,
    action: oneOf(JOB_ACTIONS),
    count: N,
    changed: N,
    unchanged: N,
    state: oneOf(['running', 'finished', 'stopped', 'failed']),
    startedAt: AT,
  }),
  JobList: object({ jobs: list(ref('Job')) }),
  Key: object({
    number: N,
    purpose: T,
    state: T,
    since: AT,
    createdAt: AT,
    fingerprint: T,
    isInRing: B,
    isInUse: orNull(B),
    grants: orNull(N),
    webhooks: N,
  }),
  KeyList: object({ keys: list(ref('Key')) }),
  Doctor: object({
    healthy: B,
    findings: list(object({ check: T, verdict: oneOf(VERDICTS), finding: orNull(T), remedy: orNull(T) })),
    elsewhere: list(object({ check: T, command: T })),
  }),
  Node: object({
    nodeId: T,
    state: oneOf(['running', 'gone']),
    isThis: B,
    version: T,
    host: orNull(T),
    processId: orNull(N),
    url: orNull(T),
    startedAt: AT,
    seenAt: AT,
    clockAheadMs: N,
  }),
  NodeList: object({ nodes: list(ref('Node')), warning: orNull(T) }),
  Trouble: object({
    event: oneOf([...REFUSAL_EVENTS, ...REPLAY_EVENTS]),
    reason: orNull(T),
    clientId: orNull(T),
    clientName: orNull(T),
    count: N,
    lastAt: AT,
    parts: list(N),
  }),
  TroubleList: object({ from: AT, partSeconds: N, troubles: list(ref('Trouble')), isPartial: B }),
  Me: object({
    kind: oneOf(OPERATOR_KINDS),
    id: T,
    name: T,
    role: oneOf(ROLES),
    clientIds: orNull(list(T)),
    permissions: list(T),
  }),
  OperatorKey: object(OPERATOR_KEY),
  OperatorKeyAdded: object({ ...OPERATOR_KEY, operatorKey: T }),
  OperatorKeyList: object({ operatorKeys: list(ref('OperatorKey')) }),
  AuditEntry: object({
    sequence: N,
    at: AT,
    operator: object({ kind: oneOf(OPERATOR_KINDS), id: T, name: T, role: T }),
    action: T,
    target: T,
    outcome: oneOf(['asked', 'not_done', 'seen']),
    reason: T,
    requestId: T,
    details: {},
    previousHash: T,
    hash: T,
  }),
  AuditList: page('entries', 'AuditEntry'),
  AuditVerified: object({ entries: N, head: T, fault: orNull(T) }),
  Problem: {
    type: 'object',
    properties: {
      type: T,
      title: T,
      status: N,
      code: oneOf(Object.keys(PROBLEMS)),
      detail: T,
      faults: list(T),
      requestId: T,
    },
    required: ['type', 'title', 'status', 'code', 'requestId'],
    additionalProperties: false,
  },
};

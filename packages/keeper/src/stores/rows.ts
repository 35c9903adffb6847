import type { ConsentCause, DueRank, Grant, GrantState } from '../grants/grant.ts';
import type { Millis } from '../time.ts';
import type { ClaimedConsent, ConsentOutcome } from './consents.ts';
import type { Delivery, EndpointHealth } from './deliveries.ts';
import { ofOtherKeys, unbound, writerOf } from './links.ts';
import type { BoundLink, LinkBinder } from './links.ts';
import type { Revocation } from './revocations.ts';
import type { ServiceKey, ServiceScope } from './service-keys.ts';
import type {
  Attempt,
  ClientSend,
  Counts,
  Put,
  PutResult,
  Step,
  StoredAnswer,
  StoredEvent,
} from './store.ts';

/** What a column holds, as both drivers return it. */
export type Value = string | number | bigint | Uint8Array | null;

/** A row by the names of its columns. */
export type Row = Readonly<Record<string, Value>>;

const toNumber = (value: Value | undefined): number | undefined =>
  value === null || value === undefined ? undefined : Number(value);

const toText = (value: Value | undefined): string | undefined =>
  value === null || value === undefined ? undefined : String(value);

/** A row of `grants`. */
export const toGrant = (row: Row): Grant => {
  const dueAtMs = toNumber(row['due_at_ms']);
  const owner = toText(row['lease_owner']);
  return {
    id: String(row['id']),
    client: String(row['client']),
    params: JSON.parse(String(row['params'])) as Record<string, string>,
    generation: Number(row['generation']),
    epoch: Number(row['epoch']),
    state: String(row['state']) as GrantState,
    cause: toText(row['cause']) as ConsentCause | undefined,
    sinceMs: Number(row['since_ms']),
    sealed: row['sealed'] as Uint8Array,
    issuedAtMs: Number(row['issued_at_ms']),
    accessExpiresAtMs: Number(row['access_expires_at_ms']),
    refreshExpiresAtMs: toNumber(row['refresh_expires_at_ms']),
    endsAtMs: toNumber(row['ends_at_ms']),
    fence: Number(row['fence']),
    lease:
      owner === undefined
        ? undefined
        : { owner, atMs: Number(row['lease_at_ms']), untilMs: Number(row['lease_until_ms']) },
    sends: {
      count: Number(row['sends']),
      firstAtMs: toNumber(row['first_sent_at_ms']),
      lastAtMs: toNumber(row['last_sent_at_ms']),
    },
    failures: Number(row['failures']),
    due: dueAtMs === undefined ? undefined : { atMs: dueAtMs, rank: Number(row['due_rank']) as DueRank },
    askedAtMs: toNumber(row['asked_at_ms']),
    isAtRisk: row['is_at_risk'] === 1,
  };
};

/** A row of `connections`. */
export const toLink = (row: Row): BoundLink => ({
  name: String(row['name']),
  grantId: String(row['grant_id']),
  client: String(row['client']),
  binding: (row['binding'] as Uint8Array | null | undefined) ?? new Uint8Array(),
});

/** A row of `connections`. Throws `KeeperError` where another program has written it. */
export const toOwnLink = (binder: LinkBinder, row: Row): BoundLink => {
  const link = toLink(row);
  const writer = writerOf(binder, link);
  if (writer === 'keeper') return link;
  throw writer === 'other_keys' ? ofOtherKeys(link.name) : unbound(link.name);
};

/** The grant of a connection, in a row that has both: the columns of the connection are `grant_id`, `link_client` and `binding`. */
export const toLinkedGrant = (binder: LinkBinder, name: string, row: Row): Grant => {
  toOwnLink(binder, {
    name,
    grant_id: row['grant_id'] ?? '',
    client: row['link_client'] ?? '',
    binding: row['binding'] ?? null,
  });
  return toGrant(row);
};

/** A row of `grants` that waits for its revocation. */
export const toRevocation = (row: Row): Revocation => ({
  grant: toGrant(row),
  name: toText(row['revoke_name']) ?? '',
  tries: toNumber(row['revoke_tries']) ?? 0,
  nextAtMs: toNumber(row['revoke_at_ms']) ?? 0,
});

/** A row of `consents`. */
export const toConsent = (row: Row): ClaimedConsent => ({
  isSent: toNumber(row['sent_at_ms']) !== undefined,
  leaseUntilMs: toNumber(row['lease_until_ms']) ?? 0,
  outcome: toText(row['outcome']) as ConsentOutcome | undefined,
  code: toText(row['code']) ?? '',
});

/** A row of `attempts`. */
export const toAttempt = (row: Row): Attempt => ({
  id: String(row['id']),
  grantId: String(row['grant_id']),
  generation: Number(row['generation']),
  sentAtMs: Number(row['sent_at_ms']),
  outcome: toText(row['outcome']),
  status: toNumber(row['status']),
  requestId: toText(row['request_id']),
  tookMs: toNumber(row['took_ms']),
});

/** Whether a pair from outside is for the client and the parameters that its grant has. */
export const isForSame = (put: Put, grant: Grant): boolean =>
  put.client === grant.client && textOf(put.params) === textOf(grant.params);

/** Whether a pair from a table was issued before the one that its connection has, which may live. */
export const isFromBefore = ({ issuedAtMs }: Put, own: Grant): boolean =>
  issuedAtMs !== undefined && issuedAtMs < own.issuedAtMs && own.state !== 'dead';

/** Whether a pair from outside was not refused. */
export const isKept = ({ status }: PutResult): boolean =>
  status !== 'held' && status !== 'inflight' && status !== 'other_keys' && status !== 'dead';

/**
 * Whether a refresh token that was refused gets another chance: it is put for another client or with other parameters, or the
 * provider gave it again later.
 */
export const mayRevive = (put: Put, grant: Grant, refusedAtMs: Millis): boolean =>
  !isForSame(put, grant) || (put.givenAtMs ?? -Infinity) > refusedAtMs;

/**
 * What a connection's history says of a token that another put has replaced. `later`: what came later stays, because it may live.
 * `may_return`: that is dead, or of another client, and no use had ended the token when it was replaced.
 */
export type Replaced = 'later' | 'may_return' | 'unknown';

/** How a send ended whose refresh token is not accepted any more. */
export const IS_REFUSED = "outcome IN ('grant_rejected', 'sharing_withdrawn')";
/** How a send ended that brought the successor of its refresh token. */
export const IS_USED = "outcome IN ('usable', 'refresh_only')";

const textOf = (params: Readonly<Record<string, string>>): string =>
  JSON.stringify(Object.entries(params).sort(([one], [other]) => (one < other ? -1 : 1)));

/** The numbers of grants in the steps of a span, in their order. */
export const toSteps = (rows: Iterable<readonly [Value, number]>): readonly Step[] =>
  [...rows]
    .map(([step, grants]) => ({ step: Number(step), grants }))
    .sort((one, other) => one.step - other.step);

/** A send with the client of its grant. */
export const toClientSend = (row: Row): ClientSend => ({
  client: String(row['client']),
  sentAtMs: Number(row['sent_at_ms']),
  outcome: toText(row['outcome']),
  tookMs: toNumber(row['took_ms']),
});

/** The numbers of grants that died, by cause. */
export const toDeaths = (rows: Iterable<readonly [Value, number]>): Counts['causes'] =>
  Object.fromEntries([...rows].map(([cause, grants]) => [String(cause) as ConsentCause, grants]));

/** A row of `events`, with the names of its grant's connections. */
export const toEvent = (row: Row, connections: readonly string[]): StoredEvent => ({
  id: String(row['number']),
  atMs: Number(row['at_ms']),
  event: JSON.parse(String(row['event'])) as StoredEvent['event'],
  grantId: toText(row['grant_id']),
  connections,
});

/** The numbers of grants by client, state and cause, added up. */
export const toCounts = (
  tallies: readonly {
    readonly client: string;
    readonly state: GrantState;
    readonly cause: ConsentCause | undefined;
    readonly grants: number;
  }[],
  connections: number,
): Counts => {
  const states: Partial<Record<GrantState, number>> = {};
  const causes: Partial<Record<ConsentCause, number>> = {};
  const clients: Record<string, Partial<Record<GrantState, number>>> = {};
  for (const { client, state, cause, grants } of tallies) {
    states[state] = (states[state] ?? 0) + grants;
    if (state === 'dead' && cause !== undefined) causes[cause] = (causes[cause] ?? 0) + grants;
    const ofClient = (clients[client] ??= {});
    ofClient[state] = (ofClient[state] ?? 0) + grants;
  }
  return { states, causes, clients, connections };
};

/** A row of `answers`. */
export const toAnswer = (row: Row): StoredAnswer => ({
  id: String(row['id']),
  grantId: String(row['grant_id']),
  generation: Number(row['generation']),
  epoch: Number(row['epoch']),
  sealed: row['sealed'] as Uint8Array,
  sentAtMs: Number(row['sent_at_ms']),
  receivedAtMs: Number(row['received_at_ms']),
});

/** A row of `service_keys`. */
export const toServiceKey = (row: Row): ServiceKey => ({
  name: String(row['name']),
  digest: row['digest'] as Uint8Array,
  scopes: JSON.parse(String(row['scopes'])) as ServiceScope[],
  namePrefix: toText(row['name_prefix']),
  binding: (row['binding'] as Uint8Array | null | undefined) ?? new Uint8Array(),
  createdAtMs: Number(row['created_at_ms']),
  expiresAtMs: toNumber(row['expires_at_ms']),
  usedAtMs: toNumber(row['used_at_ms']),
});

/** A row of `deliveries`. */
export const toDelivery = (row: Row): Delivery => ({
  endpoint: String(row['endpoint']),
  eventId: String(row['event']),
  body: String(row['body']),
  attempts: Number(row['attempts']),
  createdAtMs: Number(row['created_at_ms']),
});

/** A row that sums up the waiting messages of an endpoint. */
export const toEndpointHealth = (row: Row): EndpointHealth => ({
  endpoint: String(row['endpoint']),
  waiting: Number(row['waiting']),
  failing: Number(row['failing']),
  oldestAtMs: Number(row['oldest_at_ms']),
  lastError: toText(row['error']),
});

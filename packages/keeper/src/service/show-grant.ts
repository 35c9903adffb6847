import * as v from 'valibot';
import type { Attempt } from '../stores/store.ts';
import type { Millis } from '../time.ts';
import type { ConnectionDetails, ConnectionView } from '../reading/view.ts';
import type { ServiceContext } from './route.ts';

/** The states of a grant. */
export const STATES = ['active', 'inflight', 'uncertain', 'staged', 'suspect', 'dead', 'closed'] as const;
const CAUSES = [
  'revoked',
  'expired',
  'lost_response',
  'sharing_withdrawn',
  'disconnected',
  'not_connected',
] as const;

/** A moment as the service writes and reads it. */
export const moment = v.pipe(v.string(), v.isoTimestamp('a date and time such as 2026-01-31T12:00:00Z'));

/** A moment in milliseconds as the service writes it. */
export const iso = (atMs: Millis): string => new Date(atMs).toISOString();
const isoOrNull = (atMs: Millis | undefined): string | null => (atMs === undefined ? null : iso(atMs));

/** The states that a list can be asked for. */
export const stateName = v.picklist(STATES);
/** What the provider knows of a closed connection. */
export const revocationName = v.picklist(['revoked', 'pending', 'refused', 'not_offered', 'shared']);
/** Why an owner must consent again. */
export const causeName = v.picklist(CAUSES);

const grantMembers = {
  name: v.string(),
  grant: v.string(),
  client: v.string(),
  params: v.record(v.string(), v.string()),
  state: stateName,
  cause: v.nullable(causeName),
  since: moment,
  /** One more with every stored pair. */
  generation: v.number(),
  issued_at: moment,
  access_expires_at: moment,
  refresh_expires_at: v.nullable(moment),
  next_look_at: v.nullable(moment),
  failures: v.number(),
  asked_at: v.nullable(moment),
  at_risk: v.boolean(),
  reconnect: v.nullable(v.string()),
};

/** A connection without its tokens. */
export const grantShape = v.object(grantMembers);

/** One send of a refresh token. */
const attemptMembers = {
  at: moment,
  generation: v.number(),
  outcome: v.nullable(v.string()),
  status: v.nullable(v.number()),
  request_id: v.nullable(v.string()),
  took_ms: v.nullable(v.number()),
};

/** A connection, and which others use the same grant. */
export const grantDetailsShape = v.object({ ...grantMembers, shared_by: v.array(v.string()) });

/** One page of what was sent for a grant, newest first. `next` goes into `before`; `null` after the last one. */
export const timelineShape = v.object({
  name: v.string(),
  attempts: v.array(v.object(attemptMembers)),
  next: v.nullable(moment),
});

/** One page of a list. `next` goes into `after`; `null` after the last one. */
export const grantListShape = v.object({ grants: v.array(grantShape), next: v.nullable(v.string()) });

/** A connection as the service answers it. */
export const showGrant = (
  view: ConnectionView,
  { reconnectUrl }: Pick<ServiceContext, 'reconnectUrl'>,
): v.InferInput<typeof grantShape> => ({
  name: view.name,
  grant: view.grantId,
  client: view.client,
  params: { ...view.params },
  state: view.state,
  cause: view.cause ?? null,
  since: iso(view.sinceMs),
  generation: view.generation,
  issued_at: iso(view.issuedAtMs),
  access_expires_at: iso(view.accessExpiresAtMs),
  refresh_expires_at: isoOrNull(view.refreshExpiresAtMs),
  next_look_at: isoOrNull(view.due?.atMs),
  failures: view.failures,
  asked_at: isoOrNull(view.askedAtMs),
  at_risk: view.isAtRisk,
  reconnect: reconnectUrl(view.name) ?? null,
});

/** The same with the names that share its grant, as far as the key sees them. */
export const showDetails = (
  details: ConnectionDetails,
  context: Pick<ServiceContext, 'reconnectUrl'>,
  namePrefix = '',
): v.InferInput<typeof grantDetailsShape> => ({
  ...showGrant(details, context),
  shared_by: details.sharedBy.filter((name) => name.startsWith(namePrefix)),
});

/** A send as the service answers it. */
export const showAttempt = (attempt: Attempt): v.InferInput<typeof timelineShape>['attempts'][number] => ({
  at: iso(attempt.sentAtMs),
  generation: attempt.generation,
  outcome: attempt.outcome ?? null,
  status: attempt.status ?? null,
  request_id: attempt.requestId ?? null,
  took_ms: attempt.tookMs ?? null,
});

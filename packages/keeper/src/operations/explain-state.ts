import type { Breaker } from '../grants/client-facts.ts';
import type { Outage } from '../grants/outage.ts';
import type { ConsentCause } from '../grants/grant.ts';
import type { Millis } from '../time.ts';
import type { ConnectionView } from '../reading/view.ts';
import { describeMoment, describeSpan } from './describe-span.ts';

/** What of a connection decides the sentence. */
type Explained = Pick<
  ConnectionView,
  'state' | 'cause' | 'client' | 'sinceMs' | 'accessExpiresAtMs' | 'refreshExpiresAtMs' | 'due' | 'failures'
>;

/** What stands against all grants of a client, and how the last send of this one ended. */
type Health = {
  readonly breaker?: Breaker | null | undefined;
  readonly outage?: Outage | null | undefined;
  readonly lastOutcome?: string | undefined;
};

/** Why an owner must consent again, as a sentence. */
export const CAUSES: Readonly<Record<ConsentCause, string>> = {
  revoked: 'The owner or the provider ended the access',
  expired: 'The refresh token reached the end of its life',
  lost_response: 'The refresh token was used, and its answer never arrived',
  sharing_withdrawn: 'The owner stopped sharing the data of the vehicle',
  disconnected: 'The connection was disconnected here',
  not_connected: 'There is no connection of this name',
};

/** The state of a connection in one sentence: why it is so, and what happens next. Nothing in it is secret. */
export const explainState = (view: Explained, nowMs: Millis, health: Health = {}): string => {
  const { state, cause, client, sinceMs } = view;
  const next = nextOf(view, nowMs);
  switch (state) {
    case 'dead':
      return `${CAUSES[cause ?? 'revoked']} (${describeMoment(sinceMs, nowMs)}): only a new consent of the owner helps.`;
    case 'closed':
      return 'The connection was disconnected here: nothing is kept alive for it.';
    case 'inflight':
      return `A refresh was sent ${describeMoment(sinceMs, nowMs)}, and its answer is awaited.`;
    case 'uncertain':
      return `A refresh was sent and no answer came: ${next}, and ${accessOf(view, nowMs)}.`;
    case 'staged':
      return `The provider answered with something that cannot be read: the answer is stored, ${next}, and ${accessOf(view, nowMs)}.`;
    case 'suspect':
      return `The provider refused it for a reason that may be the fault of the client ${client}: other connections decide, ${next}.`;
    case 'active':
      if (health.breaker)
        return `It is good, but the provider refuses the client ${client} (${health.breaker.code}): ${accessOf(view, nowMs)}.`;
      if (health.outage)
        return `It is good, but the provider cannot be reached (${health.outage.code}): ${accessOf(view, nowMs)}, and the provider is tried again ${describeMoment(health.outage.retryAtMs, nowMs)}.`;
      if (health.lastOutcome === 'refresh_only')
        return `The last answer had a refresh token, which is kept, and no access token that can be used: ${next}, and ${accessOf(view, nowMs)}.`;
      return view.failures > 0
        ? `It is good, but ${countOf(view.failures, 'refresh')} failed in a row: ${next}.`
        : `It is good: ${accessOf(view, nowMs)}, and ${next}.`;
  }
};

const countOf = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 'es'}`;

const nextOf = ({ due, refreshExpiresAtMs }: Explained, nowMs: Millis): string => {
  if (due === undefined)
    return refreshExpiresAtMs === undefined ? 'a refresh happens when asked for' : 'no refresh is planned';
  return due.atMs <= nowMs
    ? 'a refresh is due now'
    : `the next refresh is due ${describeMoment(due.atMs, nowMs)}`;
};

const accessOf = ({ accessExpiresAtMs }: Explained, nowMs: Millis): string =>
  accessExpiresAtMs > nowMs
    ? `the access token works for ${describeSpan(accessExpiresAtMs - nowMs)}`
    : 'an access token is fetched when asked for';

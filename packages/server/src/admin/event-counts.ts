import { CLIENT_REASONS, reasonsOf, REFUSAL_REASONS, STORE_ERROR_KINDS } from '../errors.ts';
import type { ClientReason, RefusalReason } from '../errors.ts';
import type { LogEvent } from '../log-event.ts';

type Name = LogEvent['event'];
type EventNamed<Key extends Name> = Extract<LogEvent, { readonly event: Key }>;
type Members<Key extends Name> = Exclude<keyof EventNamed<Key>, 'event'>;

/** The member that gives the reason of an event, and every value that it may have. */
type Reasons<Key extends Name> = {
  readonly [Member in Members<Key>]: Readonly<
    Record<Member, Readonly<Record<Extract<EventNamed<Key>[Member], string>, true>>>
  >;
}[Members<Key>];

const listed = <Reason extends string>(...reasons: readonly Reason[]): Readonly<Record<Reason, true>> =>
  Object.fromEntries(reasons.map((reason) => [reason, true])) as Record<Reason, true>;

const REFUSED_TOKENS = listed(...reasonsOf('dead_token'), 'client_disabled');

const SIGN_IN_FAILURES = [
  'not_configured',
  'provider_unavailable',
  'provider_refused',
  'answer_invalid',
  'stale',
] as const;

/**
 * Which member of an event gives its reason, where the reason is one of a few words, with all of these words. Free text, ids
 * and addresses are never reasons: each value would be a time series of its own, forever.
 */
const REASONS: { readonly [Key in Name]: Reasons<Key> | undefined } = {
  'server.listening': undefined,
  'server.stopping': undefined,
  'refresh.rotated': undefined,
  'refresh.repeated': { cause: listed('overlap', 'until_used', 'same_use', 'not_rotated') },
  'refresh.repeated_by_other': { differs: listed('address', 'user_agent', 'both') },
  'refresh.resynced': undefined,
  'refresh.refused': { reason: { ...REFUSED_TOKENS, ...listed('scope_not_allowed', 'details_not_allowed') } },
  'refresh.replayed': { looksLike: listed('lost_answer', 'theft') },
  'refresh.clock_fault': { fault: listed('future_row', 'past_row') },
  'code.redeemed': undefined,
  'code.repeated': undefined,
  'code.replayed': undefined,
  'code.refused': {
    reason: {
      ...REFUSED_TOKENS,
      ...listed(...reasonsOf('dead_code'), 'redirect_uri_missing', 'details_not_allowed'),
    },
  },
  'device.requested': undefined,
  'device.code_wrong': undefined,
  'revocation.refused': undefined,
  'vehicles.disconnected': undefined,
  'vehicle_data.changed': undefined,
  'owner.signed_in': { method: listed('simulated', 'upstream') },
  'owner.signed_out': undefined,
  'sign_in.failed': { reason: listed(...SIGN_IN_FAILURES) },
  'operator.sign_in_failed': { reason: listed(...SIGN_IN_FAILURES, 'no_role') },
  'sign_in.entries_left_out': undefined,
  'consent.given': undefined,
  'consent.declined': { reason: listed('decline', 'no_vehicles') },
  'vehicle_source.unavailable': undefined,
  'vehicle_source.entries_left_out': undefined,
  'request.pushed': undefined,
  'registration.received': undefined,
  'registration.changed': undefined,
  'registration.ended': undefined,
  'client_token.issued': undefined,
  'personal_token.issued': undefined,
  'grant.revoked': {
    cause: listed('operator', 'replay', 'code_replay', 'client', 'owner', 'disconnected'),
  },
  'grant.reinstated': undefined,
  'client.refused': { reason: listed(...CLIENT_REASONS) },
  'client.assertion_untyped': undefined,
  'client.keys_unavailable': undefined,
  'client.throttled': { bucket: listed('address', 'client') },
  'request.refused': { reason: listed(...REFUSAL_REASONS.filter(isOfRequest)) },
  'owners.throttled': { bucket: listed('address', 'total') },
  'forwarding.ignored': undefined,
  'connection.dropped': { reason: listed('too_many_waiting', 'answer_unread') },
  'clock.jumped': { direction: listed('forward', 'back') },
  'clock.contradicted': { direction: listed('ahead', 'behind') },
  'clock.skewed': { direction: listed('ahead', 'behind') },
  'clock.settled': { cause: listed('time', 'stepped_back', 'database', 'operator') },
  'keys.reloaded': undefined,
  'keys.missing': undefined,
  'keys.compromised': { purpose: listed('seal', 'sign', 'session', 'webhook', 'sign-rs256') },
  'keys.retired': { purpose: listed('seal', 'sign', 'session', 'webhook', 'sign-rs256') },
  'webhook.delivered': undefined,
  'webhook.failed': undefined,
  'webhook.given_up': undefined,
  'webhook.disabled': undefined,
  'webhook.stalled': undefined,
  'live_events.unavailable': undefined,
  'log.dropped': undefined,
  'log.left_out': undefined,
  'store.unavailable': { kind: listed(...STORE_ERROR_KINDS) },
  'internal.error': undefined,
};

/** Whether a member of an event is its reason, which is one of a few known words. */
export const isReason = (event: Name, member: string): boolean =>
  Object.hasOwn((REASONS[event] as Readonly<Record<string, unknown>> | undefined) ?? {}, member);

export type EventCount = { readonly event: string; readonly reason: string; readonly count: number };

/** Counts log events by name and reason. Every combination is listed with 0 before it first happens. */
export const createEventCounts = () => {
  const counts = new Map(
    Object.entries(REASONS).map(([name, reasons]) => [name, countersOf(reasons)] as const),
  );
  return {
    count(event: LogEvent): void {
      const counters = counts.get(event.event);
      if (counters === undefined) return;
      const { member, byReason } = counters;
      const given = member === '' ? '' : String((event as Readonly<Record<string, unknown>>)[member]);
      const reason = byReason.has(given) ? given : OTHER;
      byReason.set(reason, (byReason.get(reason) ?? 0) + 1);
    },
    names: (): readonly string[] => [...counts.keys()],
    list: (): readonly EventCount[] =>
      [...counts].flatMap(([event, { byReason }]) =>
        [...byReason].map(([reason, count]) => ({ event, reason, count })),
      ),
  };
};

/** Under which a value is counted that the types exclude. It bounds the number of series. */
const OTHER = 'other';

const countersOf = (reasons: Readonly<Record<string, Readonly<Record<string, true>>>> | undefined) => {
  const [[member, values] = ['', { '': true }]] = Object.entries(reasons ?? {});
  return { member, byReason: new Map(Object.keys(values).map((value) => [value, 0])) };
};

function isOfRequest(reason: RefusalReason): reason is Exclude<RefusalReason, ClientReason> {
  return !CLIENT_REASONS.some((one) => one === reason);
}

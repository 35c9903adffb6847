import type { LogEvent } from '../log-event.ts';

type Name = LogEvent['event'];
type Members = {
  readonly [Key in Name]: Exclude<keyof Extract<LogEvent, { readonly event: Key }>, 'event'>;
};

/**
 * Which member of an event gives its reason, where the reason is one of a few words. Free text, ids and addresses are never
 * reasons: each value would be a time series of its own, forever.
 */
const REASONS: { readonly [Key in Name]: Members[Key] | undefined } = {
  'server.listening': undefined,
  'server.stopping': undefined,
  'refresh.rotated': undefined,
  'refresh.repeated': 'cause',
  'refresh.resynced': undefined,
  'refresh.refused': 'reason',
  'refresh.replayed': 'looksLike',
  'code.redeemed': undefined,
  'code.repeated': undefined,
  'code.replayed': undefined,
  'code.refused': 'reason',
  'vehicles.disconnected': undefined,
  'owner.signed_in': 'method',
  'sign_in.failed': 'reason',
  'consent.given': undefined,
  'consent.declined': 'reason',
  'vehicle_source.unavailable': undefined,
  'client_token.issued': undefined,
  'grant.revoked': 'cause',
  'grant.reinstated': undefined,
  'client.refused': 'reason',
  'client.throttled': 'bucket',
  'request.refused': 'reason',
  'clock.jumped': 'direction',
  'clock.contradicted': 'direction',
  'clock.skewed': 'direction',
  'clock.settled': 'cause',
  'keys.reloaded': undefined,
  'keys.missing': undefined,
  'webhook.delivered': undefined,
  'webhook.failed': undefined,
  'webhook.given_up': undefined,
  'webhook.disabled': undefined,
  'webhook.stalled': undefined,
  'live_events.unavailable': undefined,
  'store.unavailable': 'kind',
  'internal.error': undefined,
};

/** How many reasons of one event are counted separately; further reasons count as `other`. */
const REASONS_MAX = 64;

export type EventCount = { readonly event: string; readonly reason: string; readonly count: number };

/** Counts log events by name and reason. An event without reasons is listed with 0 before it first happens. */
export const createEventCounts = () => {
  const counts = new Map(
    Object.entries(REASONS).map(([name, reason]) => [
      name,
      new Map<string, number>(reason === undefined ? [['', 0]] : []),
    ]),
  );
  return {
    count(event: LogEvent): void {
      const byReason = counts.get(event.event);
      if (byReason === undefined) return;
      const member = REASONS[event.event];
      const given = member === undefined ? '' : String((event as Readonly<Record<string, unknown>>)[member]);
      const reason = byReason.has(given) || byReason.size < REASONS_MAX ? given : 'other';
      byReason.set(reason, (byReason.get(reason) ?? 0) + 1);
    },
    names: (): readonly string[] => [...counts.keys()],
    list: (): readonly EventCount[] =>
      [...counts].flatMap(([event, byReason]) =>
        [...byReason].map(([reason, count]) => ({ event, reason, count })),
      ),
  };
};

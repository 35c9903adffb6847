import type { LogEvent } from '../log-event.ts';

type Name = LogEvent['event'];
type GrantEvents = {
  readonly [Key in Name]: Exclude<keyof Extract<LogEvent, { readonly event: Key }>, 'event'>;
};

/**
 * Which grant event of an event says why it came about, where that is one of a few words. Free text, ids and addresses are no
 * reasons: each would be a series of its own for ever.
 */
const REASONS: { readonly [Key in Name]: GrantEvents[Key] | undefined } = {
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
  'client.refused': 'reason',
  'client.throttled': 'bucket',
  'request.refused': 'reason',
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

/** As many reasons of one event as are counted apart; what comes after them counts as `other`. */
const REASONS_MAX = 64;

export type EventCount = { readonly event: string; readonly reason: string; readonly count: number };

/** Counts what is told, by name and reason, from 0: an event without reasons is listed before it ever came. */
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
      const grantEvent = REASONS[event.event];
      const told =
        grantEvent === undefined ? '' : String((event as Readonly<Record<string, unknown>>)[grantEvent]);
      const reason = byReason.has(told) || byReason.size < REASONS_MAX ? told : 'other';
      byReason.set(reason, (byReason.get(reason) ?? 0) + 1);
    },
    names: (): readonly string[] => [...counts.keys()],
    list: (): readonly EventCount[] =>
      [...counts].flatMap(([event, byReason]) =>
        [...byReason].map(([reason, count]) => ({ event, reason, count })),
      ),
  };
};

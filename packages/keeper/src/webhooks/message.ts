import type { StoredEvent } from '../stores/stored-event.ts';
import type { Millis } from '../time.ts';

/** Names of one grant in a message; a grant rarely has more than one. */
const NAMES_MAX = 100;

const iso = (atMs: Millis): string => new Date(atMs).toISOString();

/**
 * The body of a message: `type`, `timestamp` and `data`, as Standard Webhooks advise. `reconnectUrl` gives the address where
 * an owner consents again.
 */
export const renderMessage = (
  { event, atMs, connections, grantId }: StoredEvent,
  reconnectUrl: (name: string) => string | undefined,
): string => {
  const about =
    grantId === undefined
      ? {}
      : {
          grant: grantId,
          connections: connections
            .slice(0, NAMES_MAX)
            .map((name) => ({ name, reconnect: reconnectUrl(name) ?? null })),
        };
  return JSON.stringify({ type: event.kind, timestamp: iso(atMs), data: { ...about, ...dataOf(event) } });
};

const dataOf = (event: StoredEvent['event']): object => {
  switch (event.kind) {
    case 'needs_consent':
      return { cause: event.cause, access_valid_until: iso(event.accessValidUntilMs) };
    case 'at_risk':
      return { deadline: iso(event.deadlineMs) };
    case 'recovered':
      return {};
    case 'expiring':
      return { refresh_expires_at: iso(event.refreshExpiresAtMs), days_left: event.daysLeft };
    case 'revocation_ended':
      return { connection: event.connection, result: event.result, outcome: event.outcome };
    case 'client.misconfigured':
      return { client: event.client, code: event.code };
    case 'client.recovered':
      return { client: event.client };
    case 'client.throttled':
      return { client: event.client, until: iso(event.untilMs) };
    case 'client.outage':
      return { client: event.client, code: event.code };
    case 'client.outage_ended':
      return { client: event.client, since: iso(event.sinceMs) };
    case 'client.clock_skewed':
      return { client: event.client, skew_ms: event.skewMs };
    case 'provider.surprise':
      return { client: event.client, fact: event.fact, expected: event.expected, seen: event.seen };
  }
};

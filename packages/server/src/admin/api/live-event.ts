import type { LogEvent } from '../../log-event.ts';
import { isReason } from '../event-counts.ts';

type MembersOf<Event> = Event extends unknown ? Exclude<keyof Event, 'event'> : never;

/** Who sees a member of log events: everybody; who sees owners; who sees machines, because it may name a host, an address or a path. */
type Audience = 'all' | 'owners' | 'machines';

/** A new member has to be entered here, and one that is not is left out. */
const AUDIENCES: Readonly<Record<MembersOf<LogEvent>, Audience>> = {
  caller: 'owners',
  rotatedBy: 'owners',
  firstUsedBy: 'owners',
  cause: 'machines',
  providerError: 'owners',
  url: 'machines',
  requestId: 'all',
  dialect: 'all',
  clientId: 'all',
  grantId: 'all',
  generation: 'all',
  reason: 'all',
  openRequests: 'all',
  differs: 'all',
  lostGenerations: 'all',
  gap: 'all',
  sinceRotationMs: 'all',
  looksLike: 'all',
  response: 'all',
  fault: 'all',
  byMs: 'all',
  count: 'all',
  method: 'all',
  isAtProvider: 'all',
  isUsable: 'all',
  isPending: 'all',
  vehicles: 'all',
  bucket: 'all',
  failures: 'all',
  refused: 'all',
  header: 'all',
  direction: 'all',
  doubtMs: 'all',
  newestKeyNumber: 'all',
  registeredKeyNumber: 'all',
  keyNumber: 'all',
  purpose: 'all',
  webhookId: 'all',
  grantEventId: 'all',
  kind: 'all',
  attempts: 'all',
  status: 'all',
  tookMs: 'all',
  retryInMs: 'all',
  lines: 'all',
  of: 'all',
};

/** A log event as it is sent live; `null` stands for what the role may not see. */
export const viewLogEvent = (
  event: LogEvent,
  sees: { readonly owners: boolean; readonly machines: boolean },
): Readonly<Record<string, unknown>> => {
  const isSeen = { all: true, ...sees };
  const audiences = AUDIENCES as Readonly<Record<string, Audience | undefined>>;
  const isShown = (name: string): boolean => {
    const audience = audiences[name];
    return (audience !== undefined && isSeen[audience]) || name === 'event' || isReason(event.event, name);
  };
  return Object.fromEntries(
    Object.entries(event).map(([name, value]) => [name, isShown(name) ? (value as unknown) : null]),
  );
};

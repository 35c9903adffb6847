import type { LogEvent } from '../../log-event.ts';

type MembersOf<Event> = Event extends unknown ? Exclude<keyof Event, 'event'> : never;

/**
 * Whether a role that sees no owners sees a member of log events: addresses, and free text that may quote anything, are left
 * out. A new member has to be entered here, and one that is not is left out.
 */
const IS_SHOWN: Readonly<Record<MembersOf<LogEvent>, boolean>> = {
  caller: false,
  rotatedBy: false,
  firstUsedBy: false,
  cause: false,
  providerError: false,
  url: false,
  requestId: true,
  dialect: true,
  clientId: true,
  grantId: true,
  generation: true,
  reason: true,
  openRequests: true,
  differs: true,
  lostGenerations: true,
  gap: true,
  sinceRotationMs: true,
  looksLike: true,
  response: true,
  fault: true,
  byMs: true,
  count: true,
  method: true,
  isAtProvider: true,
  isUsable: true,
  vehicles: true,
  bucket: true,
  failures: true,
  refused: true,
  header: true,
  direction: true,
  doubtMs: true,
  newestKeyNumber: true,
  registeredKeyNumber: true,
  keyNumber: true,
  purpose: true,
  webhookId: true,
  grantEventId: true,
  kind: true,
  attempts: true,
  status: true,
  tookMs: true,
  retryInMs: true,
  lines: true,
  of: true,
};

/** A log event as it is sent live; `null` stands for what the role may not see. */
export const viewLogEvent = (event: LogEvent, seesOwners: boolean): Readonly<Record<string, unknown>> => {
  if (seesOwners) return event;
  const isShown = IS_SHOWN as Readonly<Record<string, boolean | undefined>>;
  return Object.fromEntries(
    Object.entries(event).map(([name, value]) => [
      name,
      name === 'event' || isShown[name] === true ? (value as unknown) : null,
    ]),
  );
};

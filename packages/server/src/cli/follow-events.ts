import { followServers, readGrantEvents } from '../exports/index.ts';
import type { GrantEventSearch, OperationContext } from '../exports/index.ts';
import { writeGrantId } from '../exports/tokens.ts';
import { GRANT_EVENT_KINDS } from '../exports/webhooks.ts';
import { OperatorError } from '../exports/errors.ts';
import { toEventRecord } from './log/event-line.ts';
import type { EventRecord } from './log/event-line.ts';
import { exitSoon, ReaderGone } from './command/output.ts';

/** How often new servers, and grant events of other processes, are looked for. */
const POLL_INTERVAL_MS = 500;

/** How many events may wait while the reader of standard output does not read; further ones are dropped. */
const WAITING_MAX = 10_000;

/** On standard error, so that it is not mixed with the events. */
const NO_SERVER =
  'keyfob: no running server can be followed here, so refreshes are not shown.\n' +
  '  Start one with "keyfob serve". If one runs already, its log gives the reason (live_events.unavailable).\n';

type Printing = {
  /** Prints the stored events and answers the last sequence number. */
  readonly printStored: () => Promise<number>;
  readonly print: (records: readonly EventRecord[]) => Promise<void>;
};

/**
 * Prints the stored events and everything that happens afterwards, until Ctrl-C. Grant events come from the store, whichever
 * process wrote them; all other events come from the running servers. Throws `ReaderGone` or `OperatorError` if standard
 * output cannot be written.
 */
export const followEvents = async (
  context: Pick<OperationContext, 'store'>,
  directory: string,
  wanted: GrantEventSearch,
  { printStored, print }: Printing,
): Promise<void> => {
  const { ended, fail } = createEnd();
  let arrived: EventRecord[] = [];
  let dropped = 0;
  let turn: Promise<void> | undefined;
  let last: number | undefined;
  // Attached before the store is read, so that no event is missed in between.
  const servers = followServers(directory, (event) => {
    if (isGrantEvent(event) || !isWanted(event, wanted)) return;
    if (arrived.length < WAITING_MAX) arrived.push(event);
    else dropped++;
    if (last !== undefined) poll();
  });
  await servers.lookAgain();
  if (servers.count() === 0) process.stderr.write(NO_SERVER);
  last = await printStored();

  /** Grant events first: they were stored before the servers reported the outcome of the request. */
  const takeTurn = async (): Promise<void> => {
    await servers.lookAgain();
    const events = arrived;
    if (dropped > 0) events.push({ at: new Date().toISOString(), event: 'live_events.dropped', dropped });
    arrived = [];
    dropped = 0;
    last = await readGrantEvents(context, { ...wanted, sinceMs: 0 }, last ?? 0, (page) =>
      print(page.map(toEventRecord)),
    );
    await print(events);
  };
  const poll = (): void => {
    turn ??= takeTurn()
      .catch((error: unknown) => {
        // Everything else is tried again at the next turn: a busy store, a directory that is missing for a moment.
        if (error instanceof ReaderGone || error instanceof OperatorError) fail(error);
      })
      .finally(() => {
        turn = undefined;
        if (arrived.length > 0) poll();
      });
  };

  poll();
  const polling = setInterval(poll, POLL_INTERVAL_MS);
  try {
    await ended;
  } finally {
    clearInterval(polling);
    servers.close();
    arrived = [];
    exitSoon();
  }
  await turn;
};

const isGrantEvent = ({ event }: EventRecord): boolean => GRANT_EVENT_KINDS.some((kind) => kind === event);

/**
 * Events of no request, such as the stop of a server, concern everyone. Other log events name neither the owner nor the
 * vehicles, so they are left out where one is asked for.
 */
const isWanted = (
  record: EventRecord,
  { grantId, clientId, subject, vin, requestId }: GrantEventSearch,
): boolean => {
  if (record['requestId'] === undefined && record['grantId'] === undefined) return true;
  const isOf = (name: string, wanted: string | undefined): boolean =>
    wanted === undefined || record[name] === wanted;
  return (
    isOf('grantId', grantId === undefined ? undefined : writeGrantId(grantId)) &&
    isOf('clientId', clientId) &&
    isOf('requestId', requestId) &&
    isOf('subject', subject) &&
    isOf('vin', vin)
  );
};

/** `ended` resolves at Ctrl-C, and rejects when `fail` is called. */
const createEnd = (): { readonly ended: Promise<void>; fail(error: unknown): void } => {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => resolve());
  return { ended: promise, fail: reject };
};

import { followServers, readGrantEvents } from '../exports/index.ts';
import type { GrantEventFilter, OperationContext } from '../exports/index.ts';
import { writeGrantId } from '../exports/tokens.ts';
import { GRANT_EVENT_KINDS } from '../exports/webhooks.ts';
import { toEventRecord } from './event-line.ts';
import type { EventRecord } from './event-line.ts';

/** How often new servers, and grant events of other processes, are looked for. */
const POLL_INTERVAL_MS = 500;

/** On standard error, so that it is not mixed with the events. */
const NO_SERVER =
  'keyfob: no running server can be followed here, so refreshes are not shown.\n' +
  '  Start one with "keyfob serve". If one runs already, its log gives the reason (live_events.unavailable).\n';

type Printing = {
  /** Prints the stored events and answers the last sequence number. */
  readonly printStored: () => Promise<number>;
  readonly print: (record: EventRecord) => void;
};

/**
 * Prints the stored events and everything that happens afterwards, until Ctrl-C. Grant events come from the store, whichever
 * process wrote them; all other events come from the running servers.
 */
export const followEvents = async (
  context: Pick<OperationContext, 'store'>,
  directory: string,
  wanted: GrantEventFilter,
  { printStored, print }: Printing,
): Promise<void> => {
  const ended = untilEnded();
  let arrived: EventRecord[] = [];
  let turn: Promise<void> | undefined;
  let last: number | undefined;
  // Attached before the store is read, so that no event is missed in between.
  const servers = followServers(directory, (event) => {
    if (isGrantEvent(event) || !isWanted(event, wanted)) return;
    arrived.push(event);
    if (last !== undefined) poll();
  });
  await servers.lookAgain();
  if (servers.count() === 0) process.stderr.write(NO_SERVER);
  last = await printStored();

  /** Grant events first: they were stored before the servers reported the outcome of the request. */
  const takeTurn = async (): Promise<void> => {
    await servers.lookAgain();
    const events = arrived;
    arrived = [];
    last = await readGrantEvents(context, { ...wanted, sinceMs: 0 }, last ?? 0, (grantEvent) =>
      print(toEventRecord(grantEvent)),
    );
    for (const event of events) print(event);
  };
  const poll = (): void => {
    turn ??= takeTurn()
      // A busy store is read again at the next turn.
      .catch(() => {})
      .finally(() => {
        turn = undefined;
        if (arrived.length > 0) poll();
      });
  };

  poll();
  const polling = setInterval(poll, POLL_INTERVAL_MS);
  await ended;
  clearInterval(polling);
  servers.close();
  arrived = [];
  await turn;
};

const isGrantEvent = ({ event }: EventRecord): boolean => GRANT_EVENT_KINDS.some((kind) => kind === event);

/** Events of no request, such as the stop of a server, concern everyone. */
const isWanted = (record: EventRecord, { grantId, clientId }: GrantEventFilter): boolean => {
  const isOf = (name: 'grantId' | 'clientId', wanted: string | undefined): boolean =>
    wanted === undefined ||
    record[name] === wanted ||
    (record[name] === undefined && record['requestId'] === undefined);
  return (
    isOf('grantId', grantId === undefined ? undefined : writeGrantId(grantId)) && isOf('clientId', clientId)
  );
};

/** Resolves at Ctrl-C, or when the reader of standard output closes the pipe. */
const untilEnded = (): Promise<void> =>
  new Promise((ended) => {
    process.once('SIGINT', ended).once('SIGTERM', ended);
    process.stdout.once('close', ended);
  });

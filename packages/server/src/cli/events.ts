import type { Command } from 'commander';
import { openDeployment } from '../deployment/open.ts';
import type { Deployment } from '../deployment/open.ts';
import type { Config } from '../config.ts';
import { GRANT_EVENT_KINDS } from '../outbox/grant-event.ts';
import type { GrantEvent } from '../outbox/grant-event.ts';
import { followServers } from '../live/follow.ts';
import { readGrantId, writeGrantId } from '../tokens/grant-id.ts';
import type { GrantId } from '../tokens/grant-id.ts';
import { reportGrantEvent, writeLine } from './event-line.ts';
import type { Told } from './event-line.ts';
import { readConfig, withCommonOptions } from './options.ts';
import type { CommonOptions } from './options.ts';
import { UsageError } from './output.ts';

type EventsOptions = CommonOptions & {
  readonly grant?: string;
  readonly client?: string;
  readonly follow?: boolean;
  readonly since?: string;
  readonly limit?: string;
};

/** Which grant events and events are asked for. */
type Wanted = {
  readonly grantId: GrantId | undefined;
  readonly clientId: string | undefined;
  readonly sinceMs: number;
  readonly limit: number;
};

const PAGE = 500;
/** How often new servers, and grant events that no server tells of, are looked for. */
const LOOK_MS = 500;
const UNIT_MS = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

export const addEvents = (program: Command): void => {
  withCommonOptions(program.command('events'))
    .summary('show what happened to grants, and what happens')
    .description(
      'Prints what the store holds of the last 30 days, oldest first, one line each. With --follow also what every ' +
        'server on this data directory tells from then on, refreshes included, until Ctrl-C. With --json one object a line.',
    )
    .option('--grant <id>', 'only of one grant')
    .option('--client <id>', 'only of one client')
    .option('--follow', 'go on with what happens')
    .option('--since <when>', 'only from then on: a date, or how long ago (90s, 15m, 2h, 3d)')
    .option('--limit <number>', 'only so many of the newest that the store holds')
    .addHelpText(
      'after',
      `
Examples:
  $ keyfob events --grant 5f0c6a9de01b77a2 --follow
  $ keyfob events --client ID --since 2h
  $ keyfob events --follow --limit 0 --json | jq .`,
    )
    .action(async (options: EventsOptions) => {
      const wanted = readWanted(options, Date.now());
      const config = readConfig(options);
      const deployment = await openDeployment(config);
      try {
        const print = createPrinter(options.json === true);
        if (options.follow === true) await follow(deployment, config, wanted, print);
        else await printFacts(deployment, wanted, print);
      } finally {
        await deployment.close();
      }
    });
};

const readWanted = (options: EventsOptions, nowMs: number): Wanted => {
  const { grant, client: clientId, since, limit } = options;
  const grantId = grant === undefined ? undefined : readGrantId(grant);
  if (grant !== undefined && grantId === undefined)
    throw new UsageError(`${grant} is no grant id: it has 16 hexadecimal digits`);
  if (limit !== undefined && !/^[0-9]{1,9}$/.test(limit))
    throw new UsageError('--limit must be a whole number');
  return {
    grantId,
    clientId,
    sinceMs: since === undefined ? 0 : readSince(since, nowMs),
    limit: limit === undefined ? Infinity : Number(limit),
  };
};

const readSince = (text: string, nowMs: number): number => {
  const ago = /^(?<count>[0-9]{1,9})(?<unit>[smhd])$/.exec(text)?.groups;
  if (ago !== undefined) return nowMs - Number(ago['count']) * UNIT_MS[ago['unit'] as keyof typeof UNIT_MS];
  const atMs = Date.parse(text);
  if (Number.isNaN(atMs)) throw new UsageError('--since must be a date, or how long ago, such as 15m');
  return atMs;
};

const createPrinter = (isJson: boolean) => {
  const hasColour = process.stdout.isTTY && (process.env['NO_COLOR'] ?? '') === '';
  return (told: Told): void =>
    void process.stdout.write(`${isJson ? JSON.stringify(told) : writeLine(told, { hasColour })}\n`);
};

/** Hands over what came after a grant event, page by page, and answers the last of all grant events it saw. */
const readGrantEvents = async (
  { store }: Deployment,
  { grantId, clientId, sinceMs }: Wanted,
  from: number,
  take: (grantEvent: GrantEvent) => void,
): Promise<number> => {
  let after = from;
  for (;;) {
    const page = await store.listGrantEvents({ after, limit: PAGE, grantId, clientId });
    for (const grantEvent of page) {
      after = grantEvent.sequence;
      if (grantEvent.atMs >= sinceMs) take(grantEvent);
    }
    if (page.length < PAGE) return after;
  }
};

const printFacts = async (
  deployment: Deployment,
  wanted: Wanted,
  print: (told: Told) => void,
): Promise<number> => {
  if (wanted.limit === Infinity)
    return readGrantEvents(deployment, wanted, 0, (grantEvent) => print(reportGrantEvent(grantEvent)));
  const newest: GrantEvent[] = [];
  const last = await readGrantEvents(deployment, wanted, 0, (grantEvent) => {
    newest.push(grantEvent);
    if (newest.length > wanted.limit) newest.shift();
  });
  for (const grantEvent of newest) print(reportGrantEvent(grantEvent));
  return last;
};

/** On standard error, so that a program which reads the lines is not met with it. */
const NOBODY_TELLS =
  'keyfob: no running server can be followed here, so refreshes are not shown until one can.\n' +
  '  Start one with "keyfob serve"; where one runs, its log says why (live_events.unavailable).\n';

/** What the store keeps is told from there, whoever made it so; what it does not keep, by the servers themselves. */
const follow = async (
  deployment: Deployment,
  { data }: Config,
  wanted: Wanted,
  print: (told: Told) => void,
): Promise<void> => {
  const ended = untilEnded();
  let arrived: Told[] = [];
  let turn: Promise<void> | undefined;
  let last: number | undefined;
  // Attached before the store is read, so that nothing falls between the two.
  const servers = followServers(data, (event) => {
    if (isOfStore(event) || !isWanted(event, wanted)) return;
    arrived.push(event);
    if (last !== undefined) look();
  });
  await servers.lookAgain();
  if (servers.count() === 0) process.stderr.write(NOBODY_TELLS);
  last = await printFacts(deployment, wanted, print);

  /** GrantEvents first: they were kept before the servers told what came of the request. */
  const takeTurn = async (): Promise<void> => {
    await servers.lookAgain();
    const events = arrived;
    arrived = [];
    last = await readGrantEvents(deployment, { ...wanted, sinceMs: 0 }, last ?? 0, (grantEvent) =>
      print(reportGrantEvent(grantEvent)),
    );
    for (const event of events) print(event);
  };
  const look = (): void => {
    turn ??= takeTurn()
      // A store that is busy for a while is asked again.
      .catch(() => {})
      .finally(() => {
        turn = undefined;
        if (arrived.length > 0) look();
      });
  };

  look();
  const looking = setInterval(look, LOOK_MS);
  await ended;
  clearInterval(looking);
  servers.close();
  arrived = [];
  await turn;
};

const isOfStore = ({ event }: Told): boolean => GRANT_EVENT_KINDS.some((kind) => kind === event);

/** What is said of no request at all, as that a server stops, concerns everybody. */
const isWanted = (told: Told, { grantId, clientId }: Wanted): boolean => {
  const isOf = (name: 'grantId' | 'clientId', wanted: string | undefined): boolean =>
    wanted === undefined ||
    told[name] === wanted ||
    (told[name] === undefined && told['requestId'] === undefined);
  return (
    isOf('grantId', grantId === undefined ? undefined : writeGrantId(grantId)) && isOf('clientId', clientId)
  );
};

/** Resolves at Ctrl-C, or when nobody reads any more. */
const untilEnded = (): Promise<void> =>
  new Promise((ended) => {
    process.once('SIGINT', ended).once('SIGTERM', ended);
    process.stdout.once('close', ended);
  });

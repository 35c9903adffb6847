import type { Command } from 'commander';
import type { Millis } from '../exports/grants.ts';
import { openDeployment, readGrantEvents } from '../exports/index.ts';
import type { GrantEventFilter, OperationContext } from '../exports/index.ts';
import type { GrantEvent } from '../exports/webhooks.ts';
import { toEventRecord, writeLine } from './event-line.ts';
import type { EventRecord } from './event-line.ts';
import { followEvents } from './follow-events.ts';
import { parseGrantId, readConfig, readWholeNumber, withCommonOptions } from './options.ts';
import type { CommonOptions } from './options.ts';
import { UsageError, writeOutput } from './output.ts';
import { needProcess } from './terminal.ts';

type EventsOptions = CommonOptions & {
  readonly grant?: string;
  readonly client?: string;
  readonly follow?: boolean;
  readonly since?: string;
  readonly limit?: string;
};

type Wanted = GrantEventFilter & { readonly limit: number };

const UNIT_MS = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

export const addEvents = (program: Command): void => {
  withCommonOptions(program.command('events'))
    .summary('show what happened to grants, and follow what happens')
    .description(
      'Prints the grant events of the last 30 days, oldest first, one per line. With --follow it continues with what every ' +
        'server on this data directory reports, refreshes included, until Ctrl-C. With --json it prints one object per line.',
    )
    .option('--grant <id>', 'only events of one grant')
    .option('--client <id>', 'only events of one client')
    .option('--follow', 'continue with new events')
    .option('--since <when>', 'only events since a date, or since a time ago (90s, 15m, 2h, 3d)')
    .option('--limit <number>', 'only the newest of the stored events, at most this many')
    .addHelpText(
      'after',
      `
Examples:
  $ keyfob events --grant 5f0c6a9de01b77a2 --follow
  $ keyfob events --client ID --since 2h
  $ keyfob events --follow --limit 0 --json | jq .`,
    )
    .action(async (options: EventsOptions) => {
      if (options.follow === true) needProcess(options.terminal, 'events --follow');
      const config = readConfig(options);
      const deployment = await openDeployment(config);
      try {
        const wanted = readWanted(options, deployment.clock());
        const print = createPrinter(options);
        const printStored = () => printGrantEvents(deployment, wanted, print);
        if (options.follow === true)
          await followEvents(deployment, config.data, wanted, { printStored, print });
        else await printStored();
      } finally {
        await deployment.close();
      }
    });
};

const readWanted = ({ grant, client: clientId, since, limit }: EventsOptions, nowMs: Millis): Wanted => ({
  grantId: grant === undefined ? undefined : parseGrantId(grant),
  clientId,
  sinceMs: since === undefined ? 0 : readSince(since, nowMs),
  limit: limit === undefined ? Infinity : readWholeNumber('--limit', limit, { least: 0 }),
});

const readSince = (text: string, nowMs: Millis): Millis => {
  const ago = /^(?<count>[0-9]{1,9})(?<unit>[smhd])$/.exec(text)?.groups;
  if (ago !== undefined) return nowMs - Number(ago['count']) * UNIT_MS[ago['unit'] as keyof typeof UNIT_MS];
  const atMs = Date.parse(text);
  if (Number.isNaN(atMs)) throw new UsageError('--since must be a date, or a time ago such as 15m');
  return atMs;
};

const createPrinter = ({ json, terminal: { output, environment } }: EventsOptions) => {
  const isJson = json === true;
  const hasColour = output.isTTY === true && (environment['NO_COLOR'] ?? '') === '';
  return async (records: readonly EventRecord[]): Promise<void> => {
    const lines = records.map((record) =>
      isJson ? JSON.stringify(record) : writeLine(record, { hasColour }),
    );
    if (lines.length > 0) await writeOutput(output, `${lines.join('\n')}\n`);
  };
};

type Print = ReturnType<typeof createPrinter>;

/** Prints the stored events and answers the last sequence number that was read. */
const printGrantEvents = async (
  context: Pick<OperationContext, 'store'>,
  wanted: Wanted,
  print: Print,
): Promise<number> => {
  if (wanted.limit === Infinity)
    return readGrantEvents(context, wanted, 0, (page) => print(page.map(toEventRecord)));
  let newest: readonly GrantEvent[] = [];
  const last = await readGrantEvents(context, wanted, 0, (page) => {
    newest = wanted.limit === 0 ? [] : [...newest, ...page].slice(-wanted.limit);
  });
  await print(newest.map(toEventRecord));
  return last;
};

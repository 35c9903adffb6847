import type { Command } from 'commander';
import type { Millis } from '../exports/grants.ts';
import { findGrantEvents, openDeployment, readGrantEvents } from '../exports/index.ts';
import type { GrantEventSearch, OperationContext } from '../exports/index.ts';
import { toPrintableJson } from '../exports/maintenance.ts';
import type { GrantEvent } from '../exports/webhooks.ts';
import { noteLook } from './command/audited-command.ts';
import { toEventRecord, writeLine } from './log/event-line.ts';
import type { EventRecord } from './log/event-line.ts';
import { followEvents } from './follow-events.ts';
import { moreHint } from './command/more-hint.ts';
import { parseGrantId, readConfig, readVin, readWholeNumber, withCommonOptions } from './command/options.ts';
import type { CommonOptions } from './command/options.ts';
import { UsageError, writeOutput } from './command/output.ts';
import { readSince, SINCE } from './command/since.ts';
import { needProcess } from './command/terminal.ts';

type EventsOptions = CommonOptions & {
  readonly grant?: string;
  readonly client?: string;
  readonly subject?: string;
  readonly vin?: string;
  readonly request?: string;
  readonly before?: string;
  readonly follow?: boolean;
  readonly since?: string;
  readonly limit?: string;
};

type Wanted = GrantEventSearch & { readonly limit: number; readonly before: number | undefined };

const PAGE_EVENTS = 1000;

export const addEvents = (program: Command): void => {
  withCommonOptions(program.command('events'))
    .summary('show what happened to grants, and follow what happens')
    .description(
      'Prints the stored grant events (setting grantEventDays), oldest first, one per line. With --follow it continues with what every ' +
        'server on this data directory reports, refreshes included, until Ctrl-C. With --json it prints one object per line.',
    )
    .option('--grant <id>', 'only events of one grant')
    .option('--subject <id>', 'only events of one vehicle owner')
    .option('--vin <vin>', 'only events about this vehicle')
    .option('--client <id>', 'only events of one client')
    .option('--request <id>', 'only what this request caused')
    .option('--since <when>', `only events since: ${SINCE}`)
    .option('--limit <number>', 'only the newest of the stored events, at most this many')
    .option('--before <sequence>', 'only events before this one: what --limit left out')
    .option('--follow', 'continue with new events')
    .addHelpText(
      'after',
      `
Examples:
  $ keyfob events --grant 5f0c6a9de01b77a2 --follow
  $ keyfob events --subject owner-1 --since 2h
  $ keyfob events --client ID --limit 100
  $ keyfob events --follow --limit 0 --json | jq .`,
    )
    .action(async (options: EventsOptions) => {
      if (options.follow === true) needProcess(options.terminal, 'events --follow');
      if (options.follow === true && options.before !== undefined)
        throw new UsageError('--before and --follow exclude each other');
      const config = readConfig(options);
      const deployment = await openDeployment(config);
      try {
        const wanted = readWanted(options, deployment.clock());
        await noteLook(deployment, options.terminal);
        const print = createPrinter(options);
        const printStored = () => printGrantEvents(deployment, wanted, { print, options });
        if (options.follow === true)
          await followEvents(deployment, config.data, wanted, { printStored, print });
        else await printStored();
      } finally {
        await deployment.close();
      }
    });
};

const readWanted = (options: EventsOptions, nowMs: Millis): Wanted => {
  const { grant, client: clientId, subject, vin, request: requestId, since, limit, before } = options;
  return {
    grantId: grant === undefined ? undefined : parseGrantId(grant),
    clientId,
    subject,
    vin: vin === undefined ? undefined : readVin(vin),
    requestId,
    sinceMs: since === undefined ? undefined : readSince(since, nowMs),
    limit: limit === undefined ? Infinity : readWholeNumber('--limit', limit, { least: 0 }),
    before: before === undefined ? undefined : readSequence(before),
  };
};

const readSequence = (text: string): number => {
  const sequence = Number(text);
  if (/^[0-9]{1,16}$/.test(text) && Number.isSafeInteger(sequence)) return sequence;
  throw new UsageError('--before must be the sequence number of an event');
};

const createPrinter = ({ json, terminal: { output, environment } }: EventsOptions) => {
  const isJson = json === true;
  const hasColour = output.isTTY === true && (environment['NO_COLOR'] ?? '') === '';
  return async (records: readonly EventRecord[]): Promise<void> => {
    const lines = records.map((record) =>
      isJson ? toPrintableJson(record) : writeLine(record, { hasColour }),
    );
    if (lines.length > 0) await writeOutput(output, `${lines.join('\n')}\n`);
  };
};

type Print = ReturnType<typeof createPrinter>;

type Printing = { readonly print: Print; readonly options: EventsOptions };

/** Prints the stored events, and answers the last sequence number in the store as this began. */
const printGrantEvents = async (
  context: Pick<OperationContext, 'store'>,
  { limit, before, ...search }: Wanted,
  { print, options }: Printing,
): Promise<number> => {
  if (limit === Infinity && before === undefined)
    return readGrantEvents(context, search, 0, (page) => print(page.map(toEventRecord)));
  const [last] = await context.store.listGrantEvents({ first: 'newest', limit: 1 });
  const { events, isMore } = await readNewest(context, search, { limit, before });
  await print(events.map(toEventRecord));
  const [oldest] = events;
  if (isMore && oldest !== undefined && options.json !== true && options.follow !== true)
    await writeOutput(
      options.terminal.output,
      `\n${moreHint('events', options, flagsOf(options, oldest.sequence))}\n`,
    );
  return last?.sequence ?? 0;
};

/** The newest events before a sequence number, oldest first, and whether there are older ones. */
const readNewest = async (
  context: Pick<OperationContext, 'store'>,
  search: GrantEventSearch,
  { limit, before }: Pick<Wanted, 'limit' | 'before'>,
): Promise<{ readonly events: readonly GrantEvent[]; readonly isMore: boolean }> => {
  const events: GrantEvent[] = [];
  let after = before;
  while (events.length < limit) {
    const pageLimit = Math.min(PAGE_EVENTS, limit - events.length);
    const page = await findGrantEvents(context, search, { after, limit: pageLimit, first: 'newest' });
    events.push(...page.events);
    after = page.next;
    if (after === undefined) break;
  }
  return { events: events.toReversed(), isMore: after !== undefined && events.length > 0 };
};

const flagsOf = ({ grant, subject, vin, client, request, since, limit }: EventsOptions, before: number) => ({
  '--grant': grant,
  '--subject': subject,
  '--vin': vin,
  '--client': client,
  '--request': request,
  '--since': since,
  '--limit': limit,
  '--before': String(before),
});

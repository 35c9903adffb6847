import type { Command } from 'commander';
import { describeEvent } from '../operations/describe-event.ts';
import type { StoredEvent } from '../stores/store.ts';
import { onStore, readWholeNumber, withCommonOptions } from './options.ts';
import { print } from './output.ts';
import type { CommonOptions } from './output.ts';
import { showTime } from './show.ts';
import { wrapText } from './table.ts';
import { widthOf } from './terminal.ts';

const LIMIT_MAX = 1000;
const INDENT = '  ';

/** `keyfob-keeper events`: what happened lately. */
export const addEvents = (program: Command): void => {
  withCommonOptions(program.command('events'))
    .summary('what happened lately')
    .description(
      'Lists the last events of connections and clients, newest first: those that webhooks and listeners get. Looking at them takes nothing away from these.',
    )
    .option('--limit <count>', `how many, ${LIMIT_MAX} at most`, '20')
    .option('--before <id>', 'go on before this event')
    .addHelpText('after', '\nExample:\n  $ keyfob-keeper events --limit 100')
    .action(async (options: CommonOptions & { readonly limit: string; readonly before?: string }) => {
      const limit = readWholeNumber('--limit', options.limit, 1, LIMIT_MAX);
      const before =
        options.before === undefined
          ? undefined
          : String(readWholeNumber('--before', options.before, 1, 999_999_999));
      const events = await onStore(options, (store) => store.lastEvents(limit, before));
      const width = widthOf(options.terminal.output);
      const text =
        events.length === 0 ? 'no events yet' : events.map((one) => eventText(one, width)).join('\n');
      await print({ json: { events }, text }, options);
    });
};

/** An event on two lines. */
export const eventText = (event: StoredEvent, width: number): string =>
  [
    `${showTime(event.atMs)}  ${event.event.kind}  ${event.connections.join(', ')}`.trimEnd(),
    wrapText(`${INDENT}${describeEvent(event)}`, width, INDENT),
  ].join('\n');

import { setTimeout } from 'node:timers/promises';
import type { Command } from 'commander';
import { clientSummaries } from '../config/client-summary.ts';
import type { Settings } from '../config/settings.ts';
import { describeSpan } from '../operations/describe-span.ts';
import { readOverview } from '../operations/read-overview.ts';
import type { ClientCard, Overview } from '../operations/read-overview.ts';
import { quarantineOf } from '../operations/quarantine.ts';
import type { Store, StoredEvent } from '../stores/store.ts';
import { eventText } from './events.ts';
import { onStore, readWholeNumber, withCommonOptions } from './options.ts';
import { printable, writeOutput } from './output.ts';
import type { CommonOptions } from './output.ts';
import { showTime } from './show.ts';
import { alignColumns, shorten, wrapText } from './table.ts';
import { widthOf } from './terminal.ts';

type WatchOptions = CommonOptions & { readonly every: string; readonly times?: string };

const EVENTS_SHOWN = 8;
const TROUBLED_SHOWN = 5;
const CLEAR = '\x1b[H\x1b[J';

/** `keyfob-keeper watch`: the numbers of the status page, live. */
export const addWatch = (program: Command): void => {
  withCommonOptions(program.command('watch'))
    .summary('the numbers, troubles and events, live')
    .description(
      'Shows the numbers of the status page, what is in trouble, and the last events, again and again until Ctrl-C. With --json, each look is one line.',
    )
    .option('--every <seconds>', 'how often', '2')
    .option('--times <count>', 'stop after so many looks')
    .addHelpText('after', '\nExamples:\n  $ keyfob-keeper watch\n  $ keyfob-keeper watch --times 1 --json')
    .action(async (options: WatchOptions) => {
      const everyMs = readWholeNumber('--every', options.every, 1, 3600) * 1000;
      const times =
        options.times === undefined ? Infinity : readWholeNumber('--times', options.times, 1, 1e9 - 1);
      await onStore(options, async (store, settings) => {
        for (let look = 1; ; look++) {
          await writeLook(store, settings, options);
          if (look >= times) return;
          await setTimeout(everyMs);
        }
      });
    });
};

const writeLook = async (
  store: Store,
  settings: Settings,
  { json, terminal }: WatchOptions,
): Promise<void> => {
  const { reconnectUrl } = settings;
  const overview = await readOverview({
    store,
    clients: clientSummaries(settings),
    reconnectUrl: (name) => reconnectUrl?.replaceAll('{name}', encodeURIComponent(name)),
    quarantine: await quarantineOf(store),
  });
  const events = await store.lastEvents(EVENTS_SHOWN);
  const width = widthOf(terminal.output);
  const text =
    json === true
      ? JSON.stringify({ ...overview, events })
      : `${terminal.output.isTTY === true ? CLEAR : ''}${printable(textOf(overview, events, width))}\n`;
  // What clears a screen is ours, and no text of a stranger.
  await writeOutput(terminal.output, `${text}\n`);
};

const textOf = (overview: Overview, events: readonly StoredEvent[], width: number): string => {
  const { numbers, connections, clients, troubled, nowMs, quarantine } = overview;
  const lost = Object.values(numbers.lostThisWeek).reduce((sum, count) => sum + count, 0);
  const table = alignColumns([
    ['ACTIVE', 'AT RISK', 'NEEDS CONSENT', 'LOST THIS WEEK', 'DUE NEXT HOUR'],
    [
      `${numbers.active} of ${connections}`,
      String(numbers.atRisk),
      String(numbers.needsConsent),
      String(lost),
      `${numbers.dueNextHour} of ${numbers.budgetPerHour}`,
    ],
  ]);
  const rows = clients.map(({ name, grants, breaker, outage, pausedUntilMs, sends }) => [
    shorten(name, 24),
    String(grants),
    healthOf({ breaker, outage, pausedUntilMs }),
    sends.success === null ? '-' : `${Math.floor(sends.success * 1000) / 10} %`,
    sends.p95Ms === null ? '-' : `${Math.round(sends.p95Ms)} ms`,
    `${sends.perMinute.toFixed(1)}/min`,
  ]);
  const trouble = troubled
    .slice(0, TROUBLED_SHOWN)
    .map(({ name, why, deadlineMs }) =>
      wrapText(
        `  ${name}: ${why}${deadlineMs === null ? '' : ` ${describeSpan(deadlineMs - nowMs)} left.`}`,
        width,
        '    ',
      ),
    );
  return [
    `${showTime(nowMs)}${quarantine === null ? '' : `  quarantine: ${quarantine}, nothing is sent`}`,
    table,
    alignColumns([['CLIENT', 'GRANTS', 'STATE', 'SUCCESS', '95 % WITHIN', 'RATE'], ...rows]),
    ['In trouble', ...(trouble.length === 0 ? ['  none'] : trouble)].join('\n'),
    ['Last events', ...(events.length === 0 ? ['none'] : events.map((one) => eventText(one, width)))].join(
      '\n',
    ),
  ].join('\n\n');
};

const healthOf = ({
  breaker,
  outage,
  pausedUntilMs,
}: Pick<ClientCard, 'breaker' | 'outage' | 'pausedUntilMs'>): string => {
  if (breaker !== null) return `refused (${breaker.code})`;
  if (outage !== null) return `unreachable (${outage.code})`;
  return pausedUntilMs === null ? 'works' : 'paused';
};

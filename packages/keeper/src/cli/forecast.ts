import type { Command } from 'commander';
import { clientSummaries } from '../config/client-summary.ts';
import { forecastDays } from '../operations/forecast-days.ts';
import type { DayForecast } from '../operations/forecast-days.ts';
import { onStore, readWholeNumber, withCommonOptions } from './options.ts';
import { print } from './output.ts';
import type { CommonOptions } from './output.ts';

const DAYS_MAX = 366;
const BAR = 28;

/** `keyfob-keeper forecast`: refreshes and ends, day by day. */
export const addForecast = (program: Command): void => {
  withCommonOptions(program.command('forecast'))
    .summary('refreshes and ends per day')
    .description(
      'Shows how many refreshes are planned for each of the next days (UTC), and how many refresh tokens end on it if nothing refreshes them. A connection in use is refreshed again and again; each counts once.',
    )
    .option('--days <count>', 'how many days', '30')
    .addHelpText('after', '\nExample:\n  $ keyfob-keeper forecast --days 90')
    .action(async (options: CommonOptions & { readonly days: string }) => {
      const count = readWholeNumber('--days', options.days, 1, DAYS_MAX);
      const forecast = await onStore(options, (store, settings) =>
        forecastDays(store, clientSummaries(settings), count),
      );
      await print({ json: forecast, text: textOf(forecast) }, options);
    });
};

const textOf = ({ days, overdue, dead, perDayMax }: DayForecast): string => {
  const most = Math.max(1, ...days.map(({ refreshes }) => refreshes));
  const mostEnds = Math.max(1, ...days.map(({ ends }) => ends));
  const busiest = days.find(({ refreshes }) => refreshes === most);
  const width = Math.max(9, String(most).length);
  const endsWidth = Math.max(4, String(mostEnds).length);
  const rows = days.map(({ fromMs, refreshes, ends }) =>
    [
      dateOf(fromMs),
      String(refreshes).padStart(width),
      bar(refreshes, most).padEnd(BAR),
      String(ends).padStart(endsWidth),
      bar(ends, mostEnds, BAR / 2),
    ]
      .join('  ')
      .trimEnd(),
  );
  const header = ['DAY'.padEnd(10), 'REFRESHES'.padStart(width), ' '.repeat(BAR), 'ENDS'.padStart(endsWidth)];
  const notes = [
    busiest === undefined || busiest.refreshes === 0
      ? 'no refresh is planned'
      : `the busiest day is ${dateOf(busiest.fromMs)}: ${share(most, perDayMax)} of what one process may refresh`,
    ...(overdue > 0 ? [`${overdue} refreshes are overdue from the days before`] : []),
    ...(dead > 0 ? [`${dead} connections need a new consent: "keyfob-keeper ls --state dead"`] : []),
  ];
  return [header.join('  '), ...rows, '', ...notes].join('\n');
};

const dateOf = (atMs: number): string => new Date(atMs).toISOString().slice(0, 10);

const bar = (count: number, most: number, width = BAR): string =>
  '#'.repeat(count === 0 ? 0 : Math.max(1, Math.round((count / most) * width)));

const share = (count: number, most: number): string => {
  const percent = (count / Math.max(1, most)) * 100;
  return percent < 0.1 ? 'under 0.1 %' : `${percent.toFixed(1)} %`;
};

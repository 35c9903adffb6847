import { parseArgs } from 'node:util';
import { createProgressBar } from '../../support/progress-bar.ts';
import { writeFigures } from './docs.ts';
import { describeFigure, isMet } from './figure.ts';
import type { Figure } from './figure.ts';
import { measureVolume, PARTS } from './volume.ts';
import type { Part } from './volume.ts';

const HELP = `Usage: npm run bench:volume -- [options]

Measures how a server handles many grants and many refreshes: import and disk, time to start, memory, the cost of a
refresh, growth and pauses, and a commit compared with a bare sync. Prints each figure with its target. Exits 1 if a
target is missed, 2 on any other error.

Options:
  --grants <number>     number of grants in the large store (default: 10000000)
  --few <number>        number of grants in the small store (default: 10000)
  --refreshes <number>  number of refreshes on the small store (default: 1000000)
  --data <dir>          keeps the large store here and reuses it (default: a temporary directory)
  --skip <parts>        parts to skip, of ${PARTS.join(',')}
  --write-docs          write the figures to docs/performance.md
  --json                print JSON
  --help                print this

Examples:
  $ npm run bench:volume
  $ npm run bench:volume -- --data /tmp/ten-million --skip growth,commit
  $ npm run bench:volume -- --grants 100000 --refreshes 50000 --json`;

const COLUMNS = [74, 12, 12];

const main = async (): Promise<void> => {
  const { values } = parseArgs({
    options: {
      grants: { type: 'string', default: '10000000' },
      few: { type: 'string', default: '10000' },
      refreshes: { type: 'string', default: '1000000' },
      data: { type: 'string' },
      skip: { type: 'string', default: '' },
      'write-docs': { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return console.log(HELP);
  const skipped = values.skip.split(',').filter((part) => part !== '');
  const unknown = skipped.find((part) => !PARTS.some((name) => name === part));
  if (unknown !== undefined) throw new Error(`--skip: ${unknown} is not one of ${PARTS.join(', ')}`);
  const figures: Figure[] = [];
  const plan = {
    parts: new Set(PARTS.filter((part) => !skipped.includes(part))),
    grants: readNumber('grants', values.grants),
    fewGrants: readNumber('few', values.few),
    directory: values.data,
    starts: 5,
    memoryRefreshes: 200_000,
    costRounds: 5,
    costRefreshes: 10_000,
    growthRefreshes: readNumber('refreshes', values.refreshes),
    commitRounds: 20,
    onProgress: (part: Part, done: number, total: number) => createProgressBar(part).show(done, total),
  };
  for await (const figure of measureVolume(plan)) {
    createProgressBar('').end();
    figures.push(figure);
    if (!values.json) console.log(alignColumns(describeFigure(figure)));
  }
  if (values.json)
    console.log(
      JSON.stringify(
        figures.map((one) => ({ ...one, isMet: isMet(one) })),
        null,
        2,
      ),
    );
  const command = ['npm run bench:volume --', ...process.argv.slice(2)].join(' ');
  if (values['write-docs']) writeFigures(figures, command);
  if (figures.some((figure) => isMet(figure) === false)) process.exitCode = 1;
};

const readNumber = (name: string, text: string): number => {
  if (/^[1-9][0-9]{0,8}$/.test(text)) return Number(text);
  throw new Error(`--${name} must be a whole number of at least 1`);
};

const alignColumns = (cells: readonly string[]): string =>
  cells
    .map((cell, column) => cell.padEnd(COLUMNS[column] ?? 0))
    .join('  ')
    .trimEnd();

if (import.meta.main) {
  process.once('SIGINT', () => process.exit(130));
  main().catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 2;
  });
}

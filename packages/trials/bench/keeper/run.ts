import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createProgressBar } from '../../support/progress-bar.ts';
import { writeSection } from '../docs.ts';
import { describeMachine, readMachine } from '../machine.ts';
import { alignTable } from '../report.ts';
import { describeFigure, isMet } from '../volume/figure.ts';
import type { Figure } from '../volume/figure.ts';
import { measureKeeper } from './measure-keeper.ts';
import { PARTS } from './plan.ts';

const HELP = `Usage: npm run bench:keeper -- [options]

Measures a keeper with many grants in one process, on SQLite: import, memory,
what pages read, access tokens in process and over HTTP, and in virtual time
an ordinary hour, and the herd after an outage of the provider. Prints each
figure with its target. Exits 1 if a target is missed, 2 on any other error.

Options:
  --grants <number>   number of grants (default: 1000000)
  --hot <number>      how many of them somebody asks for (default: 10000)
  --hours <number>    length of the outage (default: 6)
  --skip <parts>      parts to skip, of
                      ${PARTS.join(',')}
  --data <dir>        keeps the store here; with "--skip import" it is used
                      again (default: a temporary directory)
  --write-docs        write the figures to docs/performance.md
  --json              print JSON
  --help              print this

Examples:
  $ npm run bench:keeper
  $ npm run bench:keeper -- --grants 100000 --hot 1000 --hours 1
  $ npm run bench:keeper -- --skip hour,outage --json`;

const HEADS = ['measured', 'figure', 'target', ''];
const COLUMNS = [52, 14, 12];

const main = async (): Promise<void> => {
  const { values } = parseArgs({
    options: {
      grants: { type: 'string', default: '1000000' },
      hot: { type: 'string', default: '10000' },
      hours: { type: 'string', default: '6' },
      skip: { type: 'string', default: '' },
      data: { type: 'string' },
      'write-docs': { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return console.log(HELP);
  const skipped = values.skip.split(',').filter((part) => part !== '');
  const unknown = skipped.find((part) => !PARTS.some((name) => name === part));
  if (unknown !== undefined) throw new Error(`--skip: ${unknown} is not one of ${PARTS.join(', ')}`);
  const grants = readNumber('grants', values.grants);
  const directory = values.data ?? mkdtempSync(join(tmpdir(), 'keeper-bench-'));
  if (values.data === undefined)
    process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
  mkdirSync(directory, { recursive: true });
  const figures: Figure[] = [];
  const plan = {
    parts: PARTS.filter((part) => !skipped.includes(part)),
    grants,
    hot: Math.min(grants, readNumber('hot', values.hot)),
    outageHours: readNumber('hours', values.hours),
    asks: 1_000_000,
    serveSeconds: 5,
    directory,
  };
  await measureKeeper(plan, {
    progress: (part, done, total) => createProgressBar(part).show(done, total),
    figure(figure) {
      createProgressBar('').end();
      figures.push(figure);
      if (!values.json) console.log(alignColumns(describeFigure(figure)));
    },
  });
  if (values.json)
    console.log(
      JSON.stringify(
        figures.map((one) => ({ ...one, isMet: isMet(one) })),
        null,
        2,
      ),
    );
  if (values['write-docs']) {
    const command = ['npm run bench:keeper --', ...process.argv.slice(2)].join(' ');
    const table = alignTable([HEADS, ...figures.map(describeFigure)], HEADS.length);
    writeSection('keeper', `\`${command}\`: ${describeMachine(readMachine())}\n\n${table}`);
  }
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

process.once('SIGINT', () => process.exit(130));
main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 2;
});

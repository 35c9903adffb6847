import { parseArgs } from 'node:util';
import { createProgressBar } from '../support/progress-bar.ts';
import { codeKillTrial } from './trials/code-kill.ts';
import { cutTrial } from './trials/cut.ts';
import { databaseDiskTrial } from './trials/database-disk.ts';
import { databaseTrial } from './trials/database.ts';
import { failoverTrial } from './trials/failover.ts';
import { fullDiskTrial } from './trials/full-disk.ts';
import type { StoreKind } from '../support/server-store.ts';
import { killTrial } from './trials/kill.ts';
import { readOnlyTrial } from './trials/read-only.ts';
import type { Report } from '../support/refresh-load/report.ts';
import { stopTrial } from './trials/stop.ts';
import type { Skipped } from '../support/skipped.ts';
import type { Trial } from './trial.ts';

type Row = {
  readonly trial: Trial;
  readonly count: number;
  /** Those it can be on; the first where none is chosen. */
  readonly stores: readonly [StoreKind, ...StoreKind[]];
  readonly what: string;
};

const EITHER = ['sqlite', 'postgres'] as const;

/** Every way in which a server or the road to it is broken here, and how often on demand. */
export const TRIALS = {
  kill: { trial: killTrial, count: 1000, stores: EITHER, what: 'kill -9 at random moments, and restart' },
  codes: {
    trial: codeKillTrial,
    count: 300,
    stores: EITHER,
    what: 'kill -9 while owners consent and codes are exchanged',
  },
  stop: {
    trial: stopTrial,
    count: 20,
    stores: EITHER,
    what: 'SIGSTOP for longer than the overlap, and SIGCONT',
  },
  'full-disk': {
    trial: fullDiskTrial,
    count: 20,
    stores: ['sqlite'],
    what: 'the disk fills up, and room is made (needs root)',
  },
  'read-only': {
    trial: readOnlyTrial,
    count: 20,
    stores: ['sqlite'],
    what: 'the data directory turns read-only, and back (needs root)',
  },
  cut: {
    trial: cutTrial,
    count: 1000,
    stores: EITHER,
    what: 'a proxy cuts answers in the middle of their bodies',
  },
  database: {
    trial: databaseTrial,
    count: 100,
    stores: ['postgres'],
    what: 'kill -9 of PostgreSQL under two servers, and restart',
  },
  'database-disk': {
    trial: databaseDiskTrial,
    count: 10,
    stores: ['postgres'],
    what: 'the disk of PostgreSQL fills up, and room is made (needs root)',
  },
  failover: {
    trial: failoverTrial('asynchronous'),
    count: 20,
    stores: ['postgres'],
    what: 'the primary is lost, and an asynchronous standby far behind it promoted',
  },
  'synchronous-failover': {
    trial: failoverTrial('synchronous'),
    count: 20,
    stores: ['postgres'],
    what: 'the primary is lost, and its synchronous standby promoted',
  },
} as const satisfies Record<string, Row>;

const HELP = `Usage: node --conditions=keyfob-source packages/trials/crash/run.ts [options]

Breaks a real server under refresh load from clients of both dialects and every policy, and decides from the
clients' logs alone whether it kept its promises. Exits 1 where it did not.

Options:
  --trial <name>     which one (default: kill)
${Object.entries(TRIALS)
  .map(
    ([name, { count, stores, what }]) =>
      `                       ${name.padEnd(20)} ${what}; ${count} times (${stores.join(', ')})`,
  )
  .join('\n')}
  --store <name>     sqlite or postgres (default: the first that is named with the trial)
  --count <number>   how many times, instead (--kills means the same)
  --grants <number>  how many grants are refreshed at once (default: 42)
  --seed <number>    where the moments are drawn from (default: by chance, and printed)
  --json             print figures and faults as JSON
  --help             print this

Examples:
  $ node --conditions=keyfob-source packages/trials/crash/run.ts --kills 1000
  $ node --conditions=keyfob-source packages/trials/crash/run.ts --trial cut --count 200 --seed 7 --json`;

const main = async (): Promise<void> => {
  const { values } = parseArgs({
    options: {
      trial: { type: 'string', default: 'kill' },
      store: { type: 'string' },
      count: { type: 'string' },
      kills: { type: 'string' },
      grants: { type: 'string', default: '42' },
      seed: { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return console.log(HELP);
  const { trial: name } = values;
  if (!isTrial(name)) throw new Error(`--trial must be one of ${Object.keys(TRIALS).join(', ')}`);
  const { trial, count, stores }: Row = TRIALS[name];
  const store = stores.find((one) => one === (values.store ?? stores[0]));
  if (store === undefined) throw new Error(`--store must be ${stores.join(' or ')} for this trial`);
  const seed = readNumber('seed', values.seed ?? String(Math.floor(Math.random() * 1e9)));
  const bar = createProgressBar(name);
  const began = performance.now();
  const report = await trial({
    count: readNumber('count', values.count ?? values.kills ?? String(count)),
    grants: readNumber('grants', values.grants),
    seed,
    store,
    onProgress: bar.show,
  });
  bar.end();
  const run = { trial: name, store, seed, seconds: Math.round((performance.now() - began) / 1000) };
  console.log(values.json ? JSON.stringify({ ...run, ...report }, null, 2) : describe(run, report));
  if ('faults' in report && report.faults.length > 0) process.exitCode = 1;
};

const isTrial = (name: string): name is keyof typeof TRIALS => Object.hasOwn(TRIALS, name);

const readNumber = (name: string, text: string): number => {
  if (/^[0-9]{1,9}$/.test(text)) return Number(text);
  throw new Error(`--${name} must be a whole number`);
};

const describe = (run: Readonly<Record<string, string | number>>, report: Report | Skipped): string => {
  if ('skipped' in report) return `skipped: ${report.skipped}`;
  const { more, statuses, ...figures } = report.figures;
  const answers = Object.entries(statuses).map(([status, count]) => [`answers ${status}`, count] as const);
  const rows = [
    ...Object.entries(run),
    ...Object.entries(more),
    ...Object.entries(figures),
    ...answers,
  ] as const;
  const width = Math.max(...rows.map(([name]) => name.length));
  const lines = rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`);
  const verdict = report.faults.length === 0 ? 'every promise was kept' : report.faults.join('\n');
  return [...lines, '', verdict].join('\n');
};

if (import.meta.main) {
  main().catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 2;
  });
}

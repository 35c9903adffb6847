import { parseArgs } from 'node:util';
import { createProgressBar } from '../support/progress-bar.ts';
import { codeKillTrial } from './trials/code-kill.ts';
import { cutTrial } from './trials/cut.ts';
import { databaseDiskTrial } from './trials/database-disk.ts';
import { databaseTrial } from './trials/database.ts';
import { electedFailoverTrial } from './trials/elected-failover.ts';
import { floodTrial } from './trials/flood.ts';
import { failoverTrial } from './trials/failover.ts';
import { fullDiskTrial } from './trials/full-disk.ts';
import type { StoreKind } from '../support/server-store.ts';
import { killTrial } from './trials/kill.ts';
import { proxiedTrial } from './trials/proxied.ts';
import { readOnlyTrial } from './trials/read-only.ts';
import type { Report } from '../support/refresh-load/report.ts';
import { stopTrial } from './trials/stop.ts';
import type { Skipped } from '../support/skipped.ts';
import type { Trial } from './trial.ts';

type TrialEntry = {
  readonly trial: Trial;
  readonly count: number;
  /** The stores it can run on. The first is the default. */
  readonly stores: readonly [StoreKind, ...StoreKind[]];
  readonly what: string;
};

const BOTH_STORES = ['sqlite', 'postgres'] as const;

/** Every trial, with its default number of repetitions. Each breaks the server, its store or its network. */
export const TRIALS = {
  kill: {
    trial: killTrial,
    count: 1000,
    stores: BOTH_STORES,
    what: 'kill -9 at random moments, then restart',
  },
  codes: {
    trial: codeKillTrial,
    count: 300,
    stores: BOTH_STORES,
    what: 'kill -9 while owners consent and clients exchange codes',
  },
  stop: {
    trial: stopTrial,
    count: 20,
    stores: BOTH_STORES,
    what: 'SIGSTOP for longer than the overlap, then SIGCONT',
  },
  'full-disk': {
    trial: fullDiskTrial,
    count: 20,
    stores: ['sqlite'],
    what: 'the disk fills up, then space is freed (needs root)',
  },
  'read-only': {
    trial: readOnlyTrial,
    count: 20,
    stores: ['sqlite'],
    what: 'the data directory becomes read-only, then writable again (needs root)',
  },
  cut: {
    trial: cutTrial,
    count: 1000,
    stores: BOTH_STORES,
    what: 'a proxy truncates answers in the middle of the body',
  },
  flood: {
    trial: floodTrial,
    count: 100,
    stores: BOTH_STORES,
    what: 'connections (their number is the count) that send 2600 requests each and read no answer',
  },
  database: {
    trial: databaseTrial,
    count: 100,
    stores: ['postgres'],
    what: 'kill -9 of PostgreSQL under two servers, then restart',
  },
  'database-disk': {
    trial: databaseDiskTrial,
    count: 10,
    stores: ['postgres'],
    what: 'the disk of PostgreSQL fills up, then space is freed (needs root)',
  },
  proxied: {
    trial: proxiedTrial,
    count: 20,
    stores: ['postgres'],
    what: 'kill -9 of one of two nodes behind nginx, as compose runs them (needs nginx)',
  },
  failover: {
    trial: failoverTrial('asynchronous'),
    count: 20,
    stores: ['postgres'],
    what: 'the primary is lost, and an asynchronous standby that is far behind is promoted',
  },
  'synchronous-failover': {
    trial: failoverTrial('synchronous'),
    count: 20,
    stores: ['postgres'],
    what: 'the primary is lost, and its synchronous standby is promoted',
  },
  'elected-strict': {
    trial: electedFailoverTrial('strict'),
    count: 50,
    stores: ['postgres'],
    what: 'Patroni elects another primary; no commit without a standby',
  },
  'elected-synchronous': {
    trial: electedFailoverTrial('synchronous'),
    count: 50,
    stores: ['postgres'],
    what: 'the same; no commit without the standby while there is one',
  },
  'elected-asynchronous': {
    trial: electedFailoverTrial('asynchronous'),
    count: 50,
    stores: ['postgres'],
    what: 'the same; commits wait for no standby',
  },
} as const satisfies Record<string, TrialEntry>;

const HELP = `Usage: node --conditions=keyfob-source packages/trials/crash/run.ts [options]

Breaks a real server under refresh load from clients of both dialects and every policy. Checks the server's
guarantees against the clients' logs alone. Exits 1 if one is broken, 2 on any other error.

Options:
  --trial <name>     which trial (default: kill)
${Object.entries(TRIALS)
  .map(
    ([name, { count, stores, what }]) =>
      `                       ${name.padEnd(20)} ${what}; ${count} times (${stores.join(', ')})`,
  )
  .join('\n')}
  --store <name>     sqlite or postgres (default: the first store listed for the trial)
  --count <number>   number of repetitions (--kills is a synonym)
  --grants <number>  number of grants refreshed in parallel (default: 42)
  --seed <number>    seed of the random moments (default: random; printed)
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
  const { trial, count, stores }: TrialEntry = TRIALS[name];
  const store = stores.find((known) => known === (values.store ?? stores[0]));
  if (store === undefined) throw new Error(`--store must be ${stores.join(' or ')} for this trial`);
  const seed = readNumber('seed', values.seed ?? String(Math.floor(Math.random() * 1e9)));
  const bar = createProgressBar(name);
  const startedAtMs = performance.now();
  const report = await trial({
    count: readNumber('count', values.count ?? values.kills ?? String(count)),
    grants: readNumber('grants', values.grants),
    seed,
    store,
    onProgress: bar.show,
  });
  bar.end();
  const run = { trial: name, store, seed, seconds: Math.round((performance.now() - startedAtMs) / 1000) };
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
  const verdict = report.faults.length === 0 ? 'every guarantee was kept' : report.faults.join('\n');
  return [...lines, '', verdict].join('\n');
};

if (import.meta.main) {
  main().catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 2;
  });
}

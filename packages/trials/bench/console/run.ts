import { parseArgs } from 'node:util';
import { openDeployment, parseConfig } from '@keyfob/server';
import { createKeyLines } from '@keyfob/server/tokens';
import { makeDataDirectory, removeDataDirectory, startKeyfob } from '../../support/keyfob-process.ts';
import { startCluster } from '../../support/postgres/cluster.ts';
import { createProgressBar } from '../../support/progress-bar.ts';
import { writeSection } from '../docs.ts';
import { describeMachine, readMachine } from '../machine.ts';
import { alignTable } from '../report.ts';
import { fillForConsole } from './fill.ts';
import { measurePages, signIn } from './measure.ts';
import type { PageCost } from './measure.ts';

const HELP = `Usage: npm run bench:console -- [options]

Fills a store with many grants, clients, events, deliveries, troubles and audit entries, and measures what every page of the
console costs the server, on SQLite and on PostgreSQL. Prints a table. Exits 1 if the median of a page is 20 ms or more, 2 on any
other error.

Options:
  --grants <number>   number of grants (default: 100000)
  --clients <number>  number of clients (default: 1000)
  --reads <number>    how often each page is read (default: 200)
  --store <name>      sqlite or postgres (default: both)
  --write-docs        write the table to docs/performance.md
  --json              print JSON
  --help              print this`;

/** A page is read in less. The two that read everything on purpose have no limit. */
const MEDIAN_MAX_MS = 20;
const UNLIMITED: ReadonlySet<string> = new Set(['system-counted', 'audit-verified']);

type StoreName = 'sqlite' | 'postgres';
type Plan = { readonly grants: number; readonly clients: number; readonly reads: number };

const measureSqlite = async (plan: Plan): Promise<readonly PageCost[]> => measureOn('sqlite', plan, {});

const measurePostgres = async (plan: Plan): Promise<readonly PageCost[]> => {
  const cluster = await startCluster();
  if ('reason' in cluster) throw new Error(cluster.reason);
  try {
    const key = createKeyLines(1, Math.floor(Date.now() / 1000));
    // As autovacuum does within a minute of such an import.
    const settle = () => cluster.ask('VACUUM ANALYZE');
    return await measureOn('postgres', plan, { KEYFOB_STORE: cluster.url(), KEYFOB_KEY: key }, settle);
  } finally {
    await cluster.remove();
  }
};

const measureOn = async (
  name: StoreName,
  { grants, clients, reads }: Plan,
  environment: Readonly<Record<string, string>>,
  settle: () => Promise<unknown> = async () => undefined,
): Promise<readonly PageCost[]> => {
  const data = makeDataDirectory();
  try {
    const config = parseConfig({ flags: { data }, environment, file: {} });
    const deployment = await openDeployment(config, { createIfMissing: true });
    const progress = createProgressBar(name);
    const ids = await fillForConsole(deployment, { grants, clients }, Date.now());
    await settle();
    const server = await startKeyfob({ dataDirectory: data, environment, args: ['--admin-port', '0'] });
    try {
      const cookie = await signIn(deployment, String(server.listening['adminUrl']));
      return await measurePages(server, { ids, cookie, reads }, (done, total) => progress.show(done, total));
    } finally {
      progress.end();
      await server.stop();
      await deployment.close();
    }
  } finally {
    removeDataDirectory(data);
  }
};

const MEASURES = { sqlite: measureSqlite, postgres: measurePostgres } as const;
const NAMES: Readonly<Record<StoreName, string>> = { sqlite: 'SQLite', postgres: 'PostgreSQL' };

const showMs = (value: number): string => value.toFixed(1);

/** One row per page, with the figures of each store. */
const tableOf = (costs: ReadonlyMap<StoreName, readonly PageCost[]>): string => {
  const stores = [...costs];
  const heads = stores.flatMap(([store]) =>
    ['median ms', 'p99 ms', 'CPU ms'].map((head) => `${NAMES[store]}: ${head}`),
  );
  const names = stores[0]?.[1].map(({ name }) => name) ?? [];
  const rows = names.map((name) => {
    const ofPage = stores.map(([, pages]) => pages.find((page) => page.name === name));
    return [
      name,
      (ofPage[0]?.kilobytes ?? 0).toFixed(1),
      ...ofPage.flatMap((page) => [page?.medianMs, page?.p99Ms, page?.cpuMs].map((ms) => showMs(ms ?? 0))),
    ];
  });
  const all = ['page', 'kB', ...heads];
  return alignTable([all, ...rows]);
};

const readNumber = (name: string, text: string): number => {
  if (/^[1-9][0-9]{0,8}$/.test(text)) return Number(text);
  throw new Error(`--${name} must be a whole number of at least 1`);
};

const main = async (): Promise<void> => {
  const { values } = parseArgs({
    options: {
      grants: { type: 'string', default: '100000' },
      clients: { type: 'string', default: '1000' },
      reads: { type: 'string', default: '200' },
      store: { type: 'string' },
      'write-docs': { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return console.log(HELP);
  const { store } = values;
  if (store !== undefined && !Object.hasOwn(MEASURES, store))
    throw new Error('--store must be sqlite or postgres');
  const plan = {
    grants: readNumber('grants', values.grants),
    clients: readNumber('clients', values.clients),
    reads: readNumber('reads', values.reads),
  };
  const stores = store === undefined ? (['sqlite', 'postgres'] as const) : ([store] as StoreName[]);
  const machine = readMachine();
  const costs = new Map<StoreName, readonly PageCost[]>();
  for (const one of stores) costs.set(one, await MEASURES[one](plan));
  if (values.json) console.log(JSON.stringify(Object.fromEntries(costs), null, 2));
  else console.log(tableOf(costs));
  const command = ['npm run bench:console --', ...process.argv.slice(2)].join(' ');
  if (values['write-docs'])
    writeSection('console', `\`${command}\`: ${describeMachine(machine)}\n\n${tableOf(costs)}`);
  const slow = [...costs.values()]
    .flat()
    .filter(({ name, medianMs }) => medianMs >= MEDIAN_MAX_MS && !UNLIMITED.has(name));
  if (slow.length > 0) process.exitCode = 1;
};

if (import.meta.main) {
  process.once('SIGINT', () => process.exit(130));
  main().catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 2;
  });
}

import { execFile, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { makeDataDirectory, removeDataDirectory } from '../../support/keyfob-process.ts';
import { findBinaries } from '../../support/postgres/cluster.ts';
import type { Cluster } from '../../support/postgres/cluster.ts';
import type { Figures } from '../job.ts';
import { readProcess, readTogether } from '../measure.ts';
import { percentileOf } from '../statistics.ts';
import { describeDatabase, openDatabase, ROWS } from './database.ts';
import type { OpenTarget, SelfDriven } from './target.ts';

const DATABASE = 'pgbench';
/** A row is about as long as one of pgbench's own accounts. The fill factor is that of the grants table. */
const TABLE = `CREATE TABLE counters (id bigint PRIMARY KEY, generation bigint NOT NULL, filler char(84) NOT NULL)
  WITH (fillfactor = 80);
  INSERT INTO counters SELECT id, 0, '' FROM generate_series(0, ${ROWS - 1}) AS id;
  ANALYZE counters`;
/** Each connection updates its own row, as each Keyfob connection has its own grant. No connection waits for another. */
const STATEMENT = 'UPDATE counters SET generation = generation + 1 WHERE id = :client_id';
/** Prepared statements are pgbench's fastest mode. It has one thread for one core, like the generator. */
const FLAGS = ['-n', '-M', 'prepared', '-j', '1'];
/** The interval of pgbench's progress lines. */
const PROGRESS_MS = 1000;
/** Extra time after the measurement, so that pgbench still runs at its end even on a busy machine. */
const SLACK_MS = 2000;

/**
 * The limit of the database: `pgbench` updates single rows by primary key, one commit per update. Debian ships it in
 * `postgresql-contrib`, other distributions in the client package.
 * @see https://www.postgresql.org/docs/current/pgbench.html
 */
export const openPgbench: OpenTarget = async () => {
  const program = await findPgbench();
  if (program === undefined)
    return { skipped: 'pgbench is neither on the PATH nor next to the programs of PostgreSQL' };
  const cluster = await openDatabase();
  if ('skipped' in cluster) return cluster;
  const directory = makeDataDirectory();
  const script = join(directory, 'update.sql');
  writeFileSync(script, `${STATEMENT};\n`);
  await cluster.createDatabase(DATABASE);
  await cluster.ask(TABLE, DATABASE);
  return {
    name: 'pgbench',
    pids: [cluster.pid()],
    durability: 'synced',
    note: `\`${[program.version, ...FLAGS].join(' ')} -c CONNECTIONS\` with \`${STATEMENT}\` on ${ROWS} rows, one row per connection; ${await describeDatabase(cluster)}`,
    measure: (plan, onStarted) => measure({ cluster, directory, script, program }, plan, onStarted),
    async close() {
      await cluster.remove();
      removeDataDirectory(directory);
    },
  };
};

type Program = { readonly path: string; readonly version: string };

const findPgbench = async (): Promise<Program | undefined> => {
  const binaries = await findBinaries();
  const candidates = 'reason' in binaries ? [] : [join(dirname(binaries.postgres), 'pgbench')];
  for (const path of ['pgbench', ...candidates]) {
    const version = await promisify(execFile)(path, ['--version']).then(
      ({ stdout }) => /\d+(?:\.\d+)*/.exec(stdout)?.[0],
      () => undefined,
    );
    if (version !== undefined) return { path, version: `pgbench ${version}` };
  }
  return undefined;
};

type Setup = {
  readonly cluster: Cluster;
  readonly directory: string;
  readonly script: string;
  readonly program: Program;
};

const measure = async (
  { cluster, directory, script, program }: Setup,
  { connections, warmupMs, measureMs }: Parameters<SelfDriven['measure']>[0],
  onStarted: (pid: number) => void,
): Promise<Figures> => {
  const logs = join(directory, 'log');
  const seconds = Math.ceil((Math.max(warmupMs, PROGRESS_MS) + measureMs + SLACK_MS) / 1000);
  const address = ['-h', '127.0.0.1', '-p', String(cluster.port), '-U', new URL(cluster.url()).username];
  const logging = ['-P', String(PROGRESS_MS / 1000), '-l', '--log-prefix', logs];
  const work = ['-c', String(connections), '-T', String(seconds), '-f', script, DATABASE];
  const child = spawn(program.path, [...address, ...FLAGS, ...logging, ...work], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const pid = child.pid ?? 0;
  onStarted(pid);
  const { started, ended } = watch(child);
  await Promise.race([started, ended]);
  await sleep(Math.max(0, warmupMs - PROGRESS_MS));
  const before = readAll(pid, cluster);
  await sleep(measureMs);
  const after = readAll(pid, cluster);
  if (after.program === undefined && before.program !== undefined)
    throw new Error('pgbench ended before the end of the measurement: the machine is too busy');
  await ended;
  const latenciesMs = readLatencies(directory, before.atMs, after.atMs);
  return toFigures(before, after, latenciesMs);
};

/** `started` resolves after the first progress line, when all connections are open. `ended` rejects if pgbench failed. */
const watch = (child: ChildProcess): { readonly started: Promise<void>; readonly ended: Promise<void> } => {
  let output = '';
  const started = Promise.withResolvers<void>();
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    if (/^progress: /m.test(output)) started.resolve();
  });
  const end = async (): Promise<void> => {
    const [code] = (await once(child, 'close')) as [number | null];
    if (code !== 0) throw new Error(`pgbench failed (${String(code)}): ${output}`);
  };
  const ended = end();
  // The caller handles a failure. This only prevents an unhandled rejection before the caller awaits it.
  ended.catch(() => {});
  return { started: started.promise, ended };
};

type Reading = ReturnType<typeof readAll>;

const readAll = (pid: number, cluster: Cluster) => ({
  /** Milliseconds since 1970, as in pgbench's log. */
  atMs: Date.now(),
  database: readTogether([cluster.pid()]),
  program: readProcess(pid),
});

/** Reads and removes the logs. Their lines are `client number micros script seconds micros`; only this time range counts. */
const readLatencies = (directory: string, fromMs: number, toMs: number): readonly number[] => {
  const paths = readdirSync(directory)
    .filter((name) => name.startsWith('log.'))
    .map((name) => join(directory, name));
  const latenciesMs = paths.flatMap((path) =>
    readFileSync(path, 'latin1')
      .split('\n')
      .flatMap((line) => {
        const [, , micros = '', , endedSeconds, endedMicros] = line.split(' ');
        const endedMs = Number(endedSeconds) * 1000 + Number(endedMicros) / 1000;
        return endedMs >= fromMs && endedMs < toMs ? [Number(micros) / 1000] : [];
      }),
  );
  for (const path of paths) rmSync(path);
  if (latenciesMs.length === 0) throw new Error('pgbench logged no update during the measurement');
  return latenciesMs;
};

const toFigures = (before: Reading, after: Reading, latenciesMs: readonly number[]): Figures => {
  const sorted = Float64Array.from(latenciesMs).sort();
  const requests = sorted.length;
  const seconds = (after.atMs - before.atMs) / 1000;
  const micros = (after.program?.cpuMicros ?? 0) - (before.program?.cpuMicros ?? 0);
  return {
    requests,
    requestsPerSecond: requests / seconds,
    p50Ms: percentileOf(sorted, 0.5),
    p99Ms: percentileOf(sorted, 0.99),
    p999Ms: percentileOf(sorted, 0.999),
    longestMs: percentileOf(sorted, 1),
    ...(before.database === undefined || after.database === undefined
      ? {}
      : {
          cpuMicrosPerRequest: (after.database.cpuMicros - before.database.cpuMicros) / requests,
          residentBytes: after.database.residentBytes,
        }),
    generatorCpuShare: micros / 1e6 / seconds,
  };
};

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
/** The row is about as long as one of pgbench's own accounts, and leaves room on its page as a grant does. */
const TABLE = `CREATE TABLE counters (id bigint PRIMARY KEY, generation bigint NOT NULL, filler char(84) NOT NULL)
  WITH (fillfactor = 80);
  INSERT INTO counters SELECT id, 0, '' FROM generate_series(0, ${ROWS - 1}) AS id;
  ANALYZE counters`;
/** Each connection has a row of its own, as each connection of ours has a grant: nobody waits for another's row. */
const STATEMENT = 'UPDATE counters SET generation = generation + 1 WHERE id = :client_id';
/** Prepared statements are the quickest that it has; one thread, as the generator has, for one core. */
const FLAGS = ['-n', '-M', 'prepared', '-j', '1'];
/** It reports its progress once a second. */
const PROGRESS_MS = 1000;
/** It works on for so long after what is measured, so that a busy machine finds it at work to the end. */
const SLACK_MS = 2000;

/**
 * The limit of the database: `pgbench` updates single rows by their primary key, a commit each. Debian has it in
 * `postgresql-contrib`, others in their client package.
 * @see https://www.postgresql.org/docs/current/pgbench.html
 */
export const openPgbench: OpenTarget = async () => {
  const program = await findPgbench();
  if (program === undefined)
    return { skipped: 'there is no pgbench on the PATH, nor beside the programs of PostgreSQL' };
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
    note: `\`${[program.version, ...FLAGS].join(' ')} -c CONNECTIONS\` with \`${STATEMENT}\` on ${ROWS} rows, a row for each connection; ${await describeDatabase(cluster)}`,
    measure: (wanted, onStarted) => measure({ cluster, directory, script, program }, wanted, onStarted),
    async close() {
      await cluster.remove();
      removeDataDirectory(directory);
    },
  };
};

type Program = { readonly path: string; readonly version: string };

const findPgbench = async (): Promise<Program | undefined> => {
  const binaries = await findBinaries();
  const beside = 'reason' in binaries ? [] : [join(dirname(binaries.postgres), 'pgbench')];
  for (const path of ['pgbench', ...beside]) {
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
  const { runs, ended } = watch(child);
  await Promise.race([runs, ended]);
  await sleep(Math.max(0, warmupMs - PROGRESS_MS));
  const before = readAll(pid, cluster);
  await sleep(measureMs);
  const after = readAll(pid, cluster);
  if (after.program === undefined && before.program !== undefined)
    throw new Error('pgbench ended before it was measured: the machine is too busy');
  await ended;
  const latenciesMs = readLatencies(directory, before.atMs, after.atMs);
  return toFigures(before, after, latenciesMs);
};

/** `runs` when all of its connections are made and it has worked for a second; `ended` rejects where it failed. */
const watch = (child: ChildProcess): { readonly runs: Promise<void>; readonly ended: Promise<void> } => {
  let said = '';
  const runs = Promise.withResolvers<void>();
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said += text;
    if (/^progress: /m.test(said)) runs.resolve();
  });
  const end = async (): Promise<void> => {
    const [code] = (await once(child, 'close')) as [number | null];
    if (code !== 0) throw new Error(`pgbench failed (${String(code)}): ${said}`);
  };
  const ended = end();
  // Whoever waits for its start learns of a failure there.
  ended.catch(() => {});
  return { runs: runs.promise, ended };
};

type Reading = ReturnType<typeof readAll>;

const readAll = (pid: number, cluster: Cluster) => ({
  /** As its log has it: milliseconds since 1970. */
  atMs: Date.now(),
  database: readTogether([cluster.pid()]),
  program: readProcess(pid),
});

/** Of what ended in this time, from lines such as `client number micros script seconds micros`; removes what it read. */
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
  if (latenciesMs.length === 0) throw new Error('pgbench logged no update in the measured time');
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

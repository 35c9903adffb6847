import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { findProgram } from '../find-program.ts';
import { isListening } from '../is-listening.ts';
import { findPort, NOBODY } from './cluster.ts';

/** A PgBouncer in transaction mode, with fewer connections to the database than the nodes request. */
export type Pooler = {
  readonly port: number;
  /** For example `1.18.0`. */
  readonly version: string;
  start(): Promise<void>;
  /** Sends SIGKILL, which cuts every connection. */
  stop(): Promise<void>;
  /** Stops it and removes its files. */
  remove(): Promise<void>;
};

/** Connections to each database, shared by all clients. */
const SERVER_CONNECTIONS = 3;
const POLL_MS = 5;

/** Starts a pooler in front of the cluster at a port. Returns a reason if PgBouncer is not installed. */
export const startPooler = async (databasePort: number): Promise<Pooler | { readonly reason: string }> => {
  const program = findProgram('pgbouncer');
  if (program === undefined) return { reason: 'pgbouncer is not installed' };
  const directory = mkdtempSync(join(tmpdir(), 'keyfob-pgbouncer-'));
  chmodSync(directory, 0o755);
  const port = await findPort();
  const file = join(directory, 'pgbouncer.ini');
  writeFileSync(file, settingsFor(port, databasePort));
  // Like PostgreSQL, it refuses to run as root.
  const ids = process.getuid?.() === 0 ? NOBODY : {};
  const launch = () => spawn(program, [file], { ...ids, stdio: 'ignore' });
  let child: ReturnType<typeof launch> | undefined;
  const stop = async (): Promise<void> => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  };
  const pooler: Pooler = {
    port,
    version: await readVersion(program),
    async start() {
      child = launch();
      while (!(await isListening(port))) {
        if (child.exitCode !== null) throw new Error(`pgbouncer exited with code ${child.exitCode}`);
        await sleep(POLL_MS);
      }
    },
    stop,
    async remove() {
      await stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
  await pooler.start();
  return pooler;
};

const settingsFor = (port: number, databasePort: number): string => `[databases]
* = host=127.0.0.1 port=${databasePort} user=keyfob
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = ${SERVER_CONNECTIONS}
server_login_retry = 0
`;

const readVersion = async (program: string): Promise<string> => {
  const { stdout } = await promisify(execFile)(program, ['--version']);
  return /^PgBouncer (?<version>\S+)/.exec(stdout)?.groups?.['version'] ?? 'unknown';
};

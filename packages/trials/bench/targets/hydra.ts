import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { makeDataDirectory, removeDataDirectory } from '../../support/keyfob-process.ts';
import { describeDatabase, openDatabase } from './database.ts';
import { createHydraClient, obtainRefreshToken } from './hydra-consent.ts';
import { oauthWire } from '../wire.ts';
import type { OpenTarget, Target, TargetName } from './target.ts';
import type { Skipped } from '../../support/skipped.ts';

const NOTE =
  '`hydra serve all --dev` with its default settings, which check the client secret at every request with 25 000 rounds of PBKDF2';
const START_TIMEOUT_MS = 30_000;
const START_CHECK_MS = 100;

/**
 * Ory Hydra 2 with SQLite, set up as in its quickstart, if `hydra` is on the PATH. Its store is not in WAL mode, so its
 * commits cannot be counted from outside.
 * @see https://github.com/ory/hydra/blob/master/quickstart.yml
 */
export const openHydra: OpenTarget = async (connections) => {
  if (!(await isInstalled())) return NOT_INSTALLED;
  return start('hydra', connections).catch(notStarted);
};

/** Ory Hydra 2 on its own PostgreSQL, whose processes count as the server's. */
export const openHydraOnPostgres: OpenTarget = async (connections) => {
  if (!(await isInstalled())) return NOT_INSTALLED;
  const cluster = await openDatabase();
  if ('skipped' in cluster) return cluster;
  try {
    const target = await start('hydra-postgres', connections, `${cluster.url()}?sslmode=disable`);
    return {
      ...target,
      note: `${NOTE}; ${await describeDatabase(cluster)}; its processes count as the server's`,
      pids: [...target.pids, cluster.pid()],
      async close() {
        await target.close();
        await cluster.remove();
      },
    };
  } catch (error) {
    await cluster.remove();
    return notStarted(error);
  }
};

const NOT_INSTALLED = { skipped: 'hydra is not on the PATH' };

const notStarted = (error: unknown): Skipped => ({
  skipped: `the hydra on the PATH did not start: ${messagesOf(error).join(', ')}`,
});

/** The messages of an error and its causes. The error of `fetch` has the reason only in its cause. */
const messagesOf = (error: unknown): readonly string[] =>
  error instanceof Error ? [error.message, ...messagesOf(error.cause)] : [];

const start = async (name: TargetName, connections: number, databaseUrl?: string): Promise<Target> => {
  const directory = makeDataDirectory();
  const [port, adminPort] = [await freePort(), await freePort()];
  const urls = { publicUrl: `http://127.0.0.1:${port}`, adminUrl: `http://127.0.0.1:${adminPort}` };
  const env = {
    ...process.env,
    DSN: databaseUrl ?? `sqlite://${join(directory, 'hydra.db')}?_fk=true`,
    SECRETS_SYSTEM: 'only-for-this-benchmark',
    SERVE_PUBLIC_HOST: '127.0.0.1',
    SERVE_PUBLIC_PORT: String(port),
    SERVE_ADMIN_HOST: '127.0.0.1',
    SERVE_ADMIN_PORT: String(adminPort),
    URLS_SELF_ISSUER: urls.publicUrl,
    URLS_LOGIN: `${urls.publicUrl}/login`,
    URLS_CONSENT: `${urls.publicUrl}/consent`,
    SQA_OPT_OUT: 'true',
  };
  await promisify(execFile)('hydra', ['migrate', 'sql', '-e', '--yes'], { env }).catch((error: unknown) => {
    removeDataDirectory(directory);
    throw error;
  });
  const child = spawn('hydra', ['serve', 'all', '--dev'], { env, stdio: 'ignore' });
  const exited = once(child, 'exit');
  const close = async (): Promise<void> => {
    child.kill('SIGTERM');
    await exited;
    removeDataDirectory(directory);
  };
  try {
    await untilReady(`${urls.publicUrl}/health/ready`);
    const client = await createHydraClient(urls.adminUrl);
    const refreshTokens: string[] = [];
    while (refreshTokens.length < connections) refreshTokens.push(await obtainRefreshToken(urls, client));
    const tokenPattern = 'ory_[ar]t_[\\w-]+\\.[\\w-]+';
    const wire = oauthWire({ path: '/oauth2/token', port, ...client, tokenPattern });
    const pids = [child.pid ?? 0];
    return { name, pids, port, wire, refreshTokens, walIndexPath: undefined, note: NOTE, close };
  } catch (error) {
    await close();
    throw error;
  }
};

const isInstalled = async (): Promise<boolean> =>
  promisify(execFile)('hydra', ['version']).then(
    () => true,
    () => false,
  );

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
};

const untilReady = async (url: string): Promise<void> => {
  const giveUpAtMs = performance.now() + START_TIMEOUT_MS;
  while (performance.now() < giveUpAtMs) {
    const isReady = await fetch(url).then(
      ({ ok }) => ok,
      () => false,
    );
    if (isReady) return;
    await sleep(START_CHECK_MS);
  }
  throw new Error(`hydra was not ready after ${START_TIMEOUT_MS / 1000} s`);
};

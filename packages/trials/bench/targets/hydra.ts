import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findPort } from '../../support/postgres/cluster.ts';
import { makeDataDirectory, removeDataDirectory } from '../../support/keyfob-process.ts';
import { installHydra } from '../peers/install-hydra.ts';
import { findMissing } from '../peers/run-step.ts';
import { describeDatabase, openDatabase } from './database.ts';
import { createHydraClient, obtainRefreshToken } from './hydra-consent.ts';
import { checkRotation, messagesOf, untilAnswered } from './peer-process.ts';
import { oauthWire } from '../wire.ts';
import type { OpenOptions, OpenTarget, Target, TargetName } from './target.ts';
import type { Skipped } from '../../support/skipped.ts';

const TOKEN_PATH = '/oauth2/token';
const START_TIMEOUT_MS = 60_000;
/** Hydra's default for the digest of a client secret, which it computes at every request. */
const DEFAULT_HASH_ROUNDS = 25_000;

type Variant = { readonly name: TargetName; readonly hashRounds: number };

/**
 * Ory Hydra 2 with SQLite, set up as in its quickstart. It is the `hydra` on the PATH, or is built from its Go module. Its
 * store is not in WAL mode, so its commits cannot be counted from outside.
 * @see https://github.com/ory/hydra/blob/master/quickstart.yml
 */
export const openHydra: OpenTarget = async (connections, options) => {
  const found = await findHydra(options);
  if ('skipped' in found) return found;
  const variant = { name: 'hydra', hashRounds: DEFAULT_HASH_ROUNDS } as const;
  const note = `${describe(found, variant)}; SQLite with a rollback journal that is synced at every commit, the defaults of its driver`;
  const target = await start(found, variant, { connections }).catch(notStarted);
  return 'skipped' in target ? target : { ...target, note };
};

/** Ory Hydra 2 on its own PostgreSQL, whose processes count as the server's. */
export const openHydraOnPostgres =
  (name: TargetName, hashRounds = DEFAULT_HASH_ROUNDS): OpenTarget =>
  async (connections, options) => {
    const found = await findHydra(options);
    if ('skipped' in found) return found;
    const cluster = await openDatabase();
    if ('skipped' in cluster) return cluster;
    const variant = { name, hashRounds };
    try {
      const databaseUrl = `${cluster.url()}?sslmode=disable`;
      const target = await start(found, variant, { connections, databaseUrl });
      return {
        ...target,
        note: `${describe(found, variant)}; ${await describeDatabase(cluster)}; its processes count as the server's`,
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

type Found = { readonly program: string; readonly version: string };

const findHydra = async ({ mayDownload }: OpenOptions): Promise<Found | Skipped> =>
  (await findMissing({ hydra: 'version' })).length === 0
    ? { program: 'hydra', version: 'on the PATH' }
    : installHydra(mayDownload);

const describe = ({ version }: Found, { hashRounds }: Variant): string => {
  const rounds =
    hashRounds === DEFAULT_HASH_ROUNDS
      ? `${hashRounds} rounds of PBKDF2, its default`
      : `${hashRounds} round of PBKDF2 instead of ${DEFAULT_HASH_ROUNDS}`;
  return `Ory Hydra ${version}, \`hydra serve all --dev\` (HTTP instead of HTTPS), which checks the client secret at every request with ${rounds}`;
};

const notStarted = (error: unknown): Skipped => ({
  skipped: `hydra did not start: ${messagesOf(error).join(', ')}`,
});

const start = async (
  { program }: Found,
  { name, hashRounds }: Variant,
  { connections, databaseUrl }: { readonly connections: number; readonly databaseUrl?: string },
): Promise<Target> => {
  const directory = makeDataDirectory();
  const [port, adminPort] = [await findPort(), await findPort()];
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
    OAUTH2_HASHERS_PBKDF2_ITERATIONS: String(hashRounds),
    SQA_OPT_OUT: 'true',
  };
  await promisify(execFile)(program, ['migrate', 'sql', '-e', '--yes'], { env }).catch((error: unknown) => {
    removeDataDirectory(directory);
    throw error;
  });
  const child = spawn(program, ['serve', 'all', '--dev'], { env, stdio: 'ignore' });
  const exited = once(child, 'exit');
  const close = async (): Promise<void> => {
    child.kill('SIGTERM');
    await exited;
    removeDataDirectory(directory);
  };
  try {
    await untilAnswered(`${urls.publicUrl}/health/ready`, START_TIMEOUT_MS);
    const client = await createHydraClient(urls.adminUrl);
    const refreshTokens: string[] = [];
    while (refreshTokens.length < connections) refreshTokens.push(await obtainRefreshToken(urls, client));
    await checkRotation(`${urls.publicUrl}${TOKEN_PATH}`, client, await obtainRefreshToken(urls, client));
    const tokenPattern = 'ory_[ar]t_[\\w-]+\\.[\\w-]+';
    const wire = oauthWire({ path: TOKEN_PATH, port, ...client, tokenPattern });
    const pids = [child.pid ?? 0];
    const durability = 'synced';
    return { name, pids, port, wire, refreshTokens, walIndexPath: undefined, durability, close };
  } catch (error) {
    await close();
    throw error;
  }
};

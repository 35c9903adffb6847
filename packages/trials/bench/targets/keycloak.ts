import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { findPort, killIfRunning } from '../../support/postgres/cluster.ts';
import type { Cluster } from '../../support/postgres/cluster.ts';
import { makeDataDirectory, removeDataDirectory } from '../../support/keyfob-process.ts';
import { descendantsOf } from '../measure.ts';
import { installKeycloak } from '../peers/install-keycloak.ts';
import { oauthWire } from '../wire.ts';
import { describeDatabase, openDatabase } from './database.ts';
import { createKeycloakRealm, logIn, TOKEN_PATH } from './keycloak-realm.ts';
import { checkRotation, messagesOf, untilAnswered } from './peer-process.ts';
import type { OpenTarget, Target } from './target.ts';

/** The first start creates the schema. */
const START_TIMEOUT_MS = 240_000;
/** Java compiles what is called often, and needs some thousand refreshes for that. */
const FIRST_WARMUP_MS = 30_000;
const STOP_TIMEOUT_MS = 20_000;
const ADMIN = { username: 'admin', password: 'only-for-this-benchmark' } as const;

const NOTE =
  'refresh tokens are single-use (`revokeRefreshToken`, `refreshTokenMaxReuse` 0), one session and user per connection, ' +
  'user sessions in the database as by default, with one commit per refresh; signs each access token with RS256 and each refresh token with HS512';

/**
 * Keycloak on its own PostgreSQL, started as in production (`start --optimized`, its default Java settings) except that it
 * speaks HTTP. The processes of the database count as the server's.
 * @see https://www.keycloak.org/server/configuration-production
 */
export const openKeycloak: OpenTarget = async (connections, { mayDownload }) => {
  const installed = await installKeycloak(mayDownload);
  if ('skipped' in installed) return installed;
  const cluster = await openDatabase();
  if ('skipped' in cluster) return cluster;
  try {
    const target = await start(installed.directory, cluster, connections);
    const database = await describeDatabase(cluster);
    return {
      ...target,
      note: `Keycloak ${installed.version}, \`kc.sh start --optimized\` after a warm-up of ${FIRST_WARMUP_MS / 1000} s: ${NOTE}; ${database}; its processes count as the server's`,
      async close() {
        await target.close();
        await cluster.remove();
      },
    };
  } catch (error) {
    await cluster.remove();
    return { skipped: `keycloak did not start: ${messagesOf(error).join(', ')}` };
  }
};

const start = async (directory: string, cluster: Cluster, connections: number): Promise<Target> => {
  const port = await findPort();
  const base = `http://127.0.0.1:${port}`;
  const { username, password, host, pathname } = new URL(cluster.url());
  // Its working files: the installation itself stays as it is.
  const home = makeDataDirectory();
  const env = {
    ...process.env,
    KC_DB_URL: `jdbc:postgresql://${host}${pathname}`,
    KC_DB_USERNAME: username,
    KC_DB_PASSWORD: password,
    KC_BOOTSTRAP_ADMIN_USERNAME: ADMIN.username,
    KC_BOOTSTRAP_ADMIN_PASSWORD: ADMIN.password,
  };
  const words = [
    join(directory, 'bin/kc.sh'),
    'start',
    '--optimized',
    '--cache=local',
    '--http-enabled=true',
    '--http-host=127.0.0.1',
    `--http-port=${port}`,
    `--hostname=${base}`,
    '--log-level=warn',
    `-Djboss.server.data.dir=${home}`,
  ];
  const child = spawn('sh', words, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let log = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (log += text));
  const exited = once(child, 'exit');
  const close = async (): Promise<void> => {
    // The script passes SIGTERM on to Java, which then has some time to end.
    const members = descendantsOf(child.pid ?? 0);
    child.kill('SIGTERM');
    const timer = setTimeout(() => {
      for (const pid of members) killIfRunning(pid);
    }, STOP_TIMEOUT_MS);
    await exited;
    clearTimeout(timer);
    removeDataDirectory(home);
  };
  try {
    const ended = exited.then(([code]) => Promise.reject(new Error(`exited with ${String(code)}: ${log}`)));
    await Promise.race([untilAnswered(`${base}/realms/master`, START_TIMEOUT_MS), ended]);
    const client = await createKeycloakRealm(base, ADMIN, connections + 1);
    const refreshTokens: string[] = [];
    while (refreshTokens.length < connections)
      refreshTokens.push(await logIn(base, client, refreshTokens.length));
    await checkRotation(`${base}${TOKEN_PATH}`, client, await logIn(base, client, connections));
    return {
      name: 'keycloak-postgres',
      pids: [child.pid ?? 0, cluster.pid()],
      port,
      wire: oauthWire({
        path: TOKEN_PATH,
        port,
        ...client,
        tokenPattern: '[\\w-]+\\.[\\w-]+\\.[\\w-]+',
      }),
      refreshTokens,
      walIndexPath: undefined,
      durability: 'synced',
      firstWarmupMs: FIRST_WARMUP_MS,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
};

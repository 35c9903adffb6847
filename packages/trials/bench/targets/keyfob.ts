import { join } from 'node:path';
import { openDeployment, parseConfig, STORE_FILE } from '@keyfob/server';
import { createKeyLines } from '@keyfob/server/tokens';
import { makeClient, makeGrant } from '../../support/make-client.ts';
import { makeDataDirectory, removeDataDirectory, startKeyfob } from '../../support/keyfob-process.ts';
import { describeDatabase, openDatabase, ROWS } from './database.ts';
import { oauthWire, pleosWire, UUID_PATTERN } from '../wire.ts';
import type { OpenTarget, Target, TargetName } from './target.ts';
import type { DialectName } from '../../support/dialect-name.ts';

/** Keyfob as a user starts it: `keyfob serve` with default settings. `nodeArgs` are passed to Node. */
export const openKeyfob =
  (dialect: DialectName, nodeArgs: readonly string[] = []) =>
  async (connections: number): Promise<Target> => {
    const opened = await open({ name: dialect, dialect, nodeArgs, settings: {} }, connections);
    return { ...opened, walIndexPath: join(opened.dataDirectory, `${STORE_FILE}-shm`) };
  };

/** The same with a module of `bench/tracing` that Node imports first. */
export const openKeyfobWith =
  (name: TargetName, module: 'with-sdk' | 'without-tracing') =>
  async (connections: number): Promise<Target> => {
    const imported = new URL(`../tracing/${module}.mjs`, import.meta.url).href;
    return { ...(await openKeyfob('smartcar', ['--import', imported])(connections)), name };
  };

/** Copies one existing grant under other ids. No client has the tokens of the copies. */
const MORE_GRANTS = `INSERT INTO grants SELECT made.* FROM generate_series(1, ${ROWS}) AS n, jsonb_populate_record(
  (SELECT g FROM grants AS g LIMIT 1), jsonb_build_object('id', ('x' || left(md5(n::text), 16))::bit(64)::bigint)) AS made`;

/** Keyfob on its own PostgreSQL, whose processes count as the server's. */
export const openKeyfobOnPostgres =
  (nodeArgs: readonly string[] = []): OpenTarget =>
  async (connections) => {
    const cluster = await openDatabase();
    if ('skipped' in cluster) return cluster;
    try {
      const settings = { store: cluster.url(), key: createKeyLines(1, 0) };
      const options = { name: 'smartcar-postgres', dialect: 'smartcar', nodeArgs, settings } as const;
      const opened = await open(options, connections);
      await cluster.ask(`${MORE_GRANTS}; ANALYZE`);
      return {
        ...opened,
        pids: [...opened.pids, cluster.pid()],
        note: `\`keyfob serve --store postgres://...\`, ${ROWS} grants in addition to those in use; ${await describeDatabase(cluster)}; its processes count as the server's`,
        async close() {
          await opened.close();
          await cluster.remove();
        },
      };
    } catch (error) {
      await cluster.remove();
      throw error;
    }
  };

type KeyfobOptions = {
  readonly name: TargetName;
  readonly dialect: DialectName;
  readonly nodeArgs: readonly string[];
  /** The store and the key ring, if they are not in the data directory. */
  readonly settings: { readonly store?: string; readonly key?: string };
};

const open = async ({ name, dialect, nodeArgs, settings }: KeyfobOptions, grants: number) => {
  const dataDirectory = makeDataDirectory();
  try {
    const { refreshTokens, ...client } = await register(
      { data: dataDirectory, ...settings },
      dialect,
      grants,
    );
    const environment = Object.fromEntries(
      Object.entries(settings).map(([setting, value]) => [`KEYFOB_${setting.toUpperCase()}`, value]),
    );
    const { child, url, stop } = await startKeyfob({ dataDirectory, nodeArgs, environment });
    const port = Number(new URL(url).port);
    return {
      name,
      dataDirectory,
      pids: [child.pid ?? 0],
      port,
      wire:
        dialect === 'pleos'
          ? pleosWire({ port, ...client })
          : oauthWire({ path: '/oauth/token', port, ...client, tokenPattern: UUID_PATTERN }),
      refreshTokens,
      walIndexPath: undefined,
      durability: 'synced' as const,
      async close() {
        await stop();
        removeDataDirectory(dataDirectory);
      },
    };
  } catch (error) {
    removeDataDirectory(dataDirectory);
    throw error;
  }
};

const register = async (
  flags: KeyfobOptions['settings'] & { readonly data: string },
  dialect: DialectName,
  grants: number,
) => {
  const config = parseConfig({ flags, environment: {}, file: {} });
  const deployment = await openDeployment(config, { createIfMissing: true });
  try {
    const { client, clientSecret } = await makeClient(deployment, { dialect, name: 'bench' });
    const clientId = client.id;
    const grant = { clientId, subject: 'owner', scope: '', brand: undefined };
    const results = await Promise.all(Array.from({ length: grants }, () => makeGrant(deployment, grant)));
    return { clientId, clientSecret, refreshTokens: results.map(({ tokens }) => tokens.refreshToken) };
  } finally {
    await deployment.close();
  }
};

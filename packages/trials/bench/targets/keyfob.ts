import { join } from 'node:path';
import { openDeployment, STORE_FILE } from 'keyfob';
import { createClient, createGrant } from 'keyfob/cli/registry';
import type { DialectName } from 'keyfob/clients/client';
import { parseConfig } from 'keyfob/config';
import { makeDataDirectory, removeDataDirectory, startKeyfob } from '../../keyfob-process.ts';
import { oauthWire, pleosWire, UUID_PATTERN } from './target.ts';
import type { OpenTarget } from './target.ts';

/** Keyfob as a user starts it: `keyfob serve` on a data directory, every setting its default; `nodeArgs` are for Node. */
export const openKeyfob =
  (dialect: DialectName, nodeArgs: readonly string[] = []): OpenTarget =>
  async (connections) => {
    const dataDirectory = makeDataDirectory();
    try {
      const registered = await register(dataDirectory, dialect, connections);
      const { child, url, stop } = await startKeyfob({ dataDirectory, nodeArgs });
      const port = Number(new URL(url).port);
      const { refreshTokens, ...client } = registered;
      return {
        name: dialect,
        pid: child.pid ?? 0,
        port,
        wire:
          dialect === 'pleos'
            ? pleosWire({ port, ...client })
            : oauthWire({ path: '/oauth/token', port, ...client, tokenPattern: UUID_PATTERN }),
        refreshTokens,
        walIndexPath: join(dataDirectory, `${STORE_FILE}-shm`),
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

const register = async (dataDirectory: string, dialect: DialectName, grants: number) => {
  const config = parseConfig({ flags: { data: dataDirectory }, environment: {}, file: {} });
  const deployment = await openDeployment(config, { isFirstStart: true });
  try {
    const nowMs = Date.now();
    const { client, clientSecret } = await createClient(deployment, { dialect, name: 'bench', nowMs });
    const clientId = client.id;
    const wanted = { clientId, subject: 'owner', scope: '', brand: undefined, nowMs };
    const made = await Promise.all(Array.from({ length: grants }, () => createGrant(deployment, wanted)));
    return { clientId, clientSecret, refreshTokens: made.map(({ tokens }) => tokens.refreshToken) };
  } finally {
    await deployment.close();
  }
};

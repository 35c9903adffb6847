import { startScript } from './script-process.ts';
import { oauthWire, pleosWire, UUID_PATTERN } from '../wire.ts';
import type { DialectName } from '../../support/dialect-name.ts';
import type { Target } from './target.ts';

/**
 * The lower limit of the cost of a dialect: a bare `node:http` server that reads the same requests and writes the same
 * bytes.
 */
export const openEcho =
  (dialect: DialectName) =>
  async (connections: number): Promise<Target> => {
    const { pid, started, close } = await startScript<{ port: number; refreshToken: string }>(
      new URL('echo-server.ts', import.meta.url),
      [dialect],
    );
    const { port, refreshToken } = started;
    const client = { port, clientId: 'c'.repeat(36), clientSecret: 's'.repeat(43) };
    return {
      name: dialect === 'pleos' ? 'echo-pleos' : 'echo',
      pids: [pid],
      port,
      wire:
        dialect === 'pleos'
          ? pleosWire(client)
          : oauthWire({ path: '/oauth/token', ...client, tokenPattern: UUID_PATTERN }),
      refreshTokens: Array.from({ length: connections }, () => refreshToken),
      walIndexPath: undefined,
      durability: 'no state',
      close,
    };
  };

import { startScript } from './script-process.ts';
import { oauthWire, UUID_PATTERN } from '../wire.ts';
import type { OpenTarget } from './target.ts';

/** The lower limit of the cost: a bare `node:http` server that reads the same requests and writes the same bytes. */
export const openEcho: OpenTarget = async (connections) => {
  const { pid, started, close } = await startScript<{ port: number; refreshToken: string }>(
    new URL('echo-server.ts', import.meta.url),
  );
  const { port, refreshToken } = started;
  return {
    name: 'echo',
    pids: [pid],
    port,
    wire: oauthWire({
      path: '/oauth/token',
      port,
      clientId: 'c'.repeat(36),
      clientSecret: 's'.repeat(43),
      tokenPattern: UUID_PATTERN,
    }),
    refreshTokens: Array.from({ length: connections }, () => refreshToken),
    walIndexPath: undefined,
    close,
  };
};

import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import { KeeperError } from '../errors.ts';
import type { Millis } from '../time.ts';

/** A port that is listened on. */
export type Listener = {
  readonly url: string;
  /** Takes no new connections, and lets open requests finish for so long; then cuts them off. */
  close(waitMs: Millis): Promise<void>;
};

const HEADERS_MS = 10_000;
/** An import of the largest size over a slow line. */
const REQUEST_MS = 600_000;
/** Longer than the idle time of usual proxies, so that they close first and never send into a closing connection. */
const KEEP_ALIVE_MS = 75_000;
const CONNECTIONS_MAX = 10_000;

/** Listens. Throws `KeeperError` where the port is taken or may not be used. */
export const listen = async (
  fetch: (request: Request, env: object) => Response | Promise<Response>,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<Listener> => {
  const server = createAdaptorServer({
    fetch,
    createServer,
    serverOptions: {
      headersTimeout: HEADERS_MS,
      requestTimeout: REQUEST_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
      maxHeaderSize: 16_384,
    },
    overrideGlobalObjects: false,
  }) as Server;
  server.maxConnections = CONNECTIONS_MAX;
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    throw new KeeperError(
      'port_unusable',
      `${host}:${port} cannot be listened on (${code})`,
      code === 'EADDRINUSE'
        ? 'Stop what listens there, or choose another port.'
        : 'Choose another host or port.',
      { cause: error },
    );
  }
  const address = server.address() as AddressInfo;
  const shown = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return {
    url: `http://${shown}:${address.port}`,
    async close(waitMs) {
      const closed = once(server, 'close');
      server.close();
      server.closeIdleConnections();
      const cut = setTimeout(() => server.closeAllConnections(), waitMs);
      // A connection that was busy is idle after its answer, and would be kept.
      const sweep = setInterval(() => server.closeIdleConnections(), 100);
      await closed;
      clearTimeout(cut);
      clearInterval(sweep);
    },
  };
};

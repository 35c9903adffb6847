import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createHostCheck } from './host-check.ts';

/** An answer of the admin listener. */
export type AdminAnswer = {
  readonly status: number;
  readonly type: string;
  readonly body: string;
};

export type AdminRoutes = ReadonlyMap<string, () => Promise<AdminAnswer>>;

export type AdminListener = { readonly url: string; close(): Promise<void> };

/** Where the admin listener listens, and the names besides this host that requests may be for. */
export type AdminAddress = {
  readonly host: string;
  readonly port: number;
  readonly allowedHosts: readonly string[];
};

const UNKNOWN_HOST = 'unknown host: use an address, or allow the name by KEYFOB_ADMIN_ALLOWED_HOSTS';

/** Small limits: only probes and scrapers send requests here. */
const LIMITS = {
  maxHeaderSize: 8192,
  headersTimeout: 5000,
  requestTimeout: 5000,
  keepAliveTimeout: 75_000,
};
const CONNECTIONS_MAX = 100;

export const plain = (status: number, line: string): AdminAnswer => ({
  status,
  type: 'text/plain; charset=utf-8',
  body: `${line}\n`,
});

/**
 * Listens for GET on its own address, separate from the public one. Bodies are not read. A request for a name that is neither
 * the host it listens on nor allowed is answered 421. A route that throws is answered 500, and the error is passed to `onFailure`.
 */
export const listenForAdmin = async (
  { host, port, allowedHosts }: AdminAddress,
  routes: AdminRoutes,
  onFailure: (error: unknown) => void,
): Promise<AdminListener> => {
  const isKnownHost = createHostCheck([host, ...allowedHosts]);
  const answer = async ({ method, url = '', headers }: IncomingMessage): Promise<AdminAnswer> => {
    if (!isKnownHost(headers.host)) return plain(421, UNKNOWN_HOST);
    const route = routes.get(url.split('?', 1)[0] ?? '');
    if (route === undefined) return plain(404, 'not found');
    if (method !== 'GET' && method !== 'HEAD') return plain(405, 'only GET');
    try {
      return await route();
    } catch (error) {
      onFailure(error);
      return plain(500, 'failed');
    }
  };
  const reply = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { status, type, body } = await answer(request);
    response
      .writeHead(status, {
        'Content-Type': type,
        'Content-Length': Buffer.byteLength(body),
        'Cache-Control': 'no-store',
        ...(status === 405 ? { Allow: 'GET, HEAD' } : {}),
      })
      .end(body);
  };
  const server = createServer(LIMITS, (request, response) => void reply(request, response));
  server.maxConnections = CONNECTIONS_MAX;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  const { address, family, port: listening } = server.address() as AddressInfo;
  return {
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${listening}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        // The process ends, and probes repeat their requests.
        server.closeAllConnections();
      }),
  };
};

import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A host to which a redirect leads. Nothing that is secret may arrive there. */
export type Elsewhere = {
  readonly url: string;
  /** Whether a body arrived since the last call: with a token request, it is the refresh token. */
  takeLeak(): boolean;
  close(): void;
};

/** Opens such a host on a free port of this machine. */
export const openElsewhere = async (): Promise<Elsewhere> => {
  let hasLeaked = false;
  const server = createServer((request, response) => {
    request.on('data', () => (hasLeaked = true));
    request.on('end', () => response.writeHead(404).end());
    request.on('error', () => {});
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/oauth/token`,
    takeLeak() {
      const taken = hasLeaked;
      hasLeaked = false;
      return taken;
    },
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
};

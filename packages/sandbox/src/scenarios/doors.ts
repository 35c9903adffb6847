import { once } from 'node:events';
import { createServer as createTcpServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { createExpiredKey, EXPIRED_CERTIFICATE } from './expired-certificate.ts';
import type { Door } from './scenario.ts';

/** Another address of a world, at which no request arrives. */
export type OpenDoor = {
  /** Instead of the URL of the world. */
  readonly url: string;
  /** What a client has to trust so that only the expiry is wrong, in PEM. */
  readonly certificate: string | undefined;
  close(): void;
};

/** `basePath`: of the world, which the address has too. */
export const openDoor = async (door: Door, { basePath }: { readonly basePath: string }): Promise<OpenDoor> =>
  DOORS[door](basePath);

const DOORS: Readonly<Record<Door, (basePath: string) => Promise<OpenDoor>>> = {
  reset: (basePath) =>
    // The first bytes are those of the handshake.
    listen(
      createTcpServer((socket) => {
        socket.once('data', () => socket.resetAndDestroy());
      }),
      basePath,
    ),
  async expired(basePath) {
    const server = createTlsServer({ key: createExpiredKey(), cert: EXPIRED_CERTIFICATE }, (socket) =>
      // A client that does not check it gets no further either.
      socket.destroy(),
    );
    return { ...(await listen(server, basePath)), certificate: EXPIRED_CERTIFICATE };
  },
  // RFC 6761 §6.4: no such name exists.
  noName: async (basePath) => ({
    url: `http://sandbox.invalid${basePath}`,
    certificate: undefined,
    close() {},
  }),
};

/** On this machine only. A client that stays is cut off when the door closes. */
const listen = async (server: Server, basePath: string): Promise<OpenDoor> => {
  const sockets = new Set<Socket>();
  server.maxConnections = 100;
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    socket.setTimeout(60_000, () => socket.destroy());
  });
  server.on('tlsClientError', () => {});
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `https://localhost:${(server.address() as AddressInfo).port}${basePath}`,
    certificate: undefined,
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
};

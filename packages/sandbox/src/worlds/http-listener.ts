import { createServer } from 'node:http';
import type { RequestListener, Server } from 'node:http';

const HEADERS_MAX_BYTES = 65_536;
const CONNECTIONS_MAX = 10_000;

/** A server that does not listen yet: the sandbox and the worlds with a port of their own take the same requests. */
export const createHttpListener = (listener: RequestListener): Server => {
  const server = createServer({ joinDuplicateHeaders: true, maxHeaderSize: HEADERS_MAX_BYTES }, listener);
  server.keepAliveTimeout = 75_000;
  server.maxConnections = CONNECTIONS_MAX;
  return server;
};

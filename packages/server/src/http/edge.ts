import { createServer, STATUS_CODES } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Config } from '../config.ts';
import type { WireRequest, WireResponse } from '../dialects/dialect.ts';
import type { RefusalReason } from '../errors.ts';
import type { Caller } from '../events.ts';
import type { Endpoints } from './endpoints.ts';

/** A listening server. */
export type Edge = {
  readonly url: string;
  /** Requests being answered at this moment. */
  openRequests(): number;
  /** Stops accepting, finishes what is open (for the configured grace at the most) and closes every connection. */
  close(): Promise<void>;
};

/** Bytes of a body beyond its limit that are read and dropped, so that the refusal reaches a client still sending. */
const BODY_DISCARD_MAX_BYTES = 1024 * 1024;
const USER_AGENT_MAX_CHARACTERS = 200;
const TIMEOUT_CHECK_INTERVAL_MS = 250;

/** What is going on on a connection: the path being read, if any, and how many answers are still owed. */
type Progress = { reading: string | undefined; answering: number; isBroken: boolean };

/** Feeds `node:http` requests, read whole within their limits, to the endpoints, and writes what these answer. */
export const listen = async (config: Config, endpoints: Endpoints): Promise<Edge> => {
  let openRequests = 0;
  let isClosing = false;
  const progressOf = new WeakMap<object, Progress>();

  const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    const progress = takeProgress(progressOf, request.socket);
    const received = { method: request.method ?? '', path: pathOf(request), headers: headersOf(request) };
    progress.reading = received.path;
    readBody(request, config.bodyMaxBytes, (body) => {
      progress.reading = undefined;
      void answer(response, progress, received, callerOf(request), body);
    });
  };

  const decide = async (
    received: Omit<WireRequest, 'body'>,
    caller: Caller,
    body: Buffer | 'too_large',
  ): Promise<WireResponse> => {
    if (body === 'too_large') return endpoints.refuse(received.path, 'body_too_large', caller);
    if (openRequests > config.concurrentRequestsMax)
      return endpoints.refuse(received.path, 'overloaded', caller);
    return endpoints.respond({ ...received, body }, caller);
  };

  const answer = async (
    response: ServerResponse,
    progress: Progress,
    received: Omit<WireRequest, 'body'>,
    caller: Caller,
    body: Buffer | 'too_large',
  ): Promise<void> => {
    progress.answering++;
    openRequests++;
    const answered = await decide(received, caller, body);
    openRequests--;
    progress.answering--;
    write(response, answered, isClosing || body === 'too_large' || progress.isBroken);
  };

  /** What never became a request: no HTTP, too slow, headers too large. Answers owed on the connection come first. */
  const onClientError = (error: Error & { code?: string }, socket: Socket): void => {
    const progress = takeProgress(progressOf, socket);
    progress.isBroken = true;
    if (progress.answering > 0) return;
    if (!socket.writable || error.code === 'ECONNRESET') return void socket.destroy();
    const caller: Caller = { address: socket.remoteAddress ?? '', userAgent: '' };
    const reason: RefusalReason =
      error.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 'body_too_slow' : 'request_malformed';
    socket.end(writeRaw(endpoints.refuse(progress.reading ?? '/', reason, caller)));
  };

  const server = createServer(
    {
      maxHeaderSize: config.headersMaxBytes,
      headersTimeout: config.headersTimeoutSeconds * 1000,
      requestTimeout: config.requestTimeoutSeconds * 1000,
      keepAliveTimeout: config.keepAliveTimeoutSeconds * 1000,
      connectionsCheckingInterval: TIMEOUT_CHECK_INTERVAL_MS,
      joinDuplicateHeaders: true,
    },
    onRequest,
  );
  server.maxRequestsPerSocket = config.requestsPerConnectionMax;
  server.maxConnections = config.connectionsMax;
  server.on('clientError', onClientError);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(config.port, config.host, () => {
      server.off('error', reject);
      resolve();
    });
  });

  return {
    url: urlOf(server.address() as AddressInfo),
    openRequests: () => openRequests,
    close: () =>
      new Promise((resolve) => {
        isClosing = true;
        const force = setTimeout(() => server.closeAllConnections(), config.shutdownGraceSeconds * 1000);
        server.close(() => {
          clearTimeout(force);
          resolve();
        });
      }),
  };
};

const takeProgress = (progressOf: WeakMap<object, Progress>, socket: Socket): Progress => {
  const known = progressOf.get(socket);
  if (known !== undefined) return known;
  const progress: Progress = { reading: undefined, answering: 0, isBroken: false };
  progressOf.set(socket, progress);
  return progress;
};

/** Reads a body whole. One over its limit is dropped as it comes; a request cut off before its end is forgotten. */
const readBody = (
  request: IncomingMessage,
  maxBytes: number,
  done: (body: Buffer | 'too_large') => void,
): void => {
  let chunks: Buffer[] = [];
  let bytes = 0;
  let isDone = false;
  const finish = (): void => {
    if (isDone) return;
    isDone = true;
    if (bytes > maxBytes) return done('too_large');
    done(chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks));
  };
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes <= maxBytes) chunks.push(chunk);
    else chunks = [];
    if (bytes > maxBytes + BODY_DISCARD_MAX_BYTES) finish();
  });
  request.on('end', finish);
  request.on('error', () => {
    isDone = true;
  });
};

const pathOf = ({ url = '/' }: IncomingMessage): string => {
  const query = url.indexOf('?');
  return query < 0 ? url : url.slice(0, query);
};

/** With `joinDuplicateHeaders` every value is one string, but for the few that Node always lists, none of them read here. */
const headersOf = ({ headers }: IncomingMessage) => headers as WireRequest['headers'];

const callerOf = ({ socket, headers }: IncomingMessage): Caller => ({
  address: socket.remoteAddress ?? '',
  userAgent: (headers['user-agent'] ?? '').trim().slice(0, USER_AGENT_MAX_CHARACTERS),
});

const write = (response: ServerResponse, { status, headers, body }: WireResponse, isLast: boolean): void => {
  const length = { 'Content-Length': Buffer.byteLength(body) };
  response.writeHead(
    status,
    isLast ? { ...headers, ...length, Connection: 'close' } : { ...headers, ...length },
  );
  response.end(body);
};

const writeRaw = ({ status, headers, body }: WireResponse): string => {
  const length = Buffer.byteLength(body);
  const lines = Object.entries({ ...headers, 'Content-Length': length, Connection: 'close' });
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  return `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${head}\r\n${body}`;
};

const urlOf = ({ address, family, port }: AddressInfo): string =>
  `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;

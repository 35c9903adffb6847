import { createServer, STATUS_CODES } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Config } from '../config.ts';
import type { WireRequest, WireResponse } from '../wire/exchange.ts';
import type { RefusalReason } from '../errors.ts';
import type { Caller } from '../log-event.ts';
import { callerOf } from './caller.ts';
import { createConnections, endConnection } from './connection.ts';
import type { Exchange } from './connection.ts';
import type { Endpoints } from './endpoints.ts';
import { readBody } from './request-body.ts';

/** A listening server. */
export type Edge = {
  readonly url: string;
  /** Requests being answered at this moment. */
  openRequests(): number;
  /** Stops accepting, finishes what is open (for the configured grace at the most) and closes every connection. */
  close(): Promise<void>;
};

const TIMEOUT_CHECK_INTERVAL_MS = 250;
/** How long a client that is told goodbye may keep the connection open from its side. */
const LINGER_MS = 1000;

/** Feeds `node:http` requests, read whole within their limits, to the endpoints, and writes what these answer. */
export const listen = async (config: Config, endpoints: Endpoints): Promise<Edge> => {
  let arrived: Exchange[] = [];
  let openRequests = 0;
  let isClosing = false;
  const connections = createConnections();

  const begin = (request: IncomingMessage, response: ServerResponse): Exchange | undefined => {
    const connection = connections.of(request.socket);
    if (connection.isEnding) return undefined;
    const { path, query } = targetOf(request);
    const caller = callerOf(connection, request, config.forwardedHops);
    const exchange: Exchange = { connection, request, response, path, query, caller, isAnswered: false };
    connection.newest = exchange;
    return exchange;
  };

  /** A request is read when the event loop has seen to every socket, by when its body is mostly there whole. */
  const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    const exchange = begin(request, response);
    if (exchange === undefined) return;
    if (arrived.length === 0) setImmediate(readArrived);
    arrived.push(exchange);
  };

  const readArrived = (): void => {
    const exchanges = arrived;
    arrived = [];
    for (const exchange of exchanges)
      readBody(exchange.request, config.bodyMaxBytes, (body) => void answer(exchange, body));
  };

  const answer = async (exchange: Exchange, body: Buffer | 'too_large'): Promise<void> => {
    openRequests++;
    const response = await decide(exchange, body);
    openRequests--;
    reply(exchange, response);
  };

  const decide = (
    { request, path, query, caller }: Exchange,
    body: Buffer | 'too_large',
  ): WireResponse | Promise<WireResponse> => {
    const refuse = (reason: RefusalReason): WireResponse => endpoints.refuse(path, reason, caller);
    if (body === 'too_large') return refuse('body_too_large');
    if (openRequests > config.concurrentRequestsMax) return refuse('overloaded');
    if (!hasOneHost(request)) return refuse('request_malformed');
    return endpoints.respond(
      { method: request.method ?? '', path, query, headers: headersOf(request), body },
      caller,
    );
  };

  const reply = (exchange: Exchange, wireResponse: WireResponse): void => {
    if (exchange.isAnswered) return;
    exchange.isAnswered = true;
    const { connection, request } = exchange;
    const isLast = connection.newest === exchange && (isClosing || !request.complete);
    connection.isEnding ||= isLast;
    write(exchange.response, wireResponse, isLast);
  };

  /** What never became a request: no HTTP, too slow, headers too large. Answers owed on the connection come first. */
  const onClientError = (error: Error & { code?: string }, socket: Socket): void => {
    const connection = connections.of(socket);
    if (!socket.writable || error.code === 'ECONNRESET') return void socket.destroy();
    if (connection.isEnding) return;
    const reason = error.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 'body_too_slow' : 'request_malformed';
    const { newest } = connection;
    if (newest !== undefined && !newest.request.complete && !newest.isAnswered) {
      return reply(newest, endpoints.refuse(newest.path, reason, newest.caller));
    }
    endConnection(connection, () => sayGoodbye(socket, endpoints.refuse('/', reason, addressOnly(socket))));
  };

  const server = createServer(
    {
      maxHeaderSize: config.headersMaxBytes,
      headersTimeout: config.headersTimeoutSeconds * 1000,
      requestTimeout: config.requestTimeoutSeconds * 1000,
      keepAliveTimeout: config.keepAliveTimeoutSeconds * 1000,
      connectionsCheckingInterval: TIMEOUT_CHECK_INTERVAL_MS,
      joinDuplicateHeaders: true,
      requireHostHeader: false,
    },
    onRequest,
  );
  server.maxRequestsPerSocket = config.requestsPerConnectionMax;
  server.maxConnections = config.connectionsMax;
  server.on('clientError', onClientError);
  server.on('checkExpectation', (request: IncomingMessage, response: ServerResponse) => {
    const exchange = begin(request, response);
    if (exchange !== undefined)
      reply(exchange, endpoints.refuse(exchange.path, 'expectation_unknown', exchange.caller));
  });
  server.on('connect', (_request, socket: Socket) => {
    // Node lets go of this socket, its errors included: one that nobody takes would end the process.
    socket.on('error', () => socket.destroy());
    sayGoodbye(socket, endpoints.refuse('/', 'method_not_allowed', addressOnly(socket)));
  });
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

/** Path and query, also of a request in absolute form (RFC 9112 §3.2.2). */
const targetOf = ({ url = '/' }: IncomingMessage): { readonly path: string; readonly query: string } => {
  const target = url.startsWith('/') ? url : url.replace(/^https?:\/\/[^/?#]*/i, '');
  const mark = target.indexOf('?');
  return mark < 0
    ? { path: target, query: '' }
    : { path: target.slice(0, mark), query: target.slice(mark + 1) };
};

/** Exactly one, but for HTTP/1.0, which knows none (RFC 9112 §3.2). */
const hasOneHost = ({ headers, httpVersion }: IncomingMessage): boolean =>
  headers.host === undefined ? httpVersion === '1.0' : !headers.host.includes(',');

/** With `joinDuplicateHeaders` every value is one string, but for the few that Node always lists, none of them read here. */
const headersOf = ({ headers }: IncomingMessage) => headers as WireRequest['headers'];

const addressOnly = ({ remoteAddress }: Socket): Caller => ({ address: remoteAddress ?? '', userAgent: '' });

/** As a flat list, the form that costs `node:http` least. */
const write = (response: ServerResponse, { status, headers, body }: WireResponse, isLast: boolean): void => {
  const list: (string | number)[] = ['Content-Length', Buffer.byteLength(body)];
  for (const name in headers) list.push(name, headers[name] ?? '');
  if (isLast) list.push('Connection', 'close');
  response.writeHead(status, list).end(body);
};

/** An answer where there is no request to answer on; a client that does not hang up then is hung up on. */
const sayGoodbye = (socket: Socket, { status, headers, body }: WireResponse): void => {
  const lines = Object.entries({
    ...headers,
    'Content-Length': Buffer.byteLength(body),
    Connection: 'close',
  });
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${head}\r\n${body}`);
  const hangUp = setTimeout(() => socket.destroy(), LINGER_MS);
  socket.on('close', () => clearTimeout(hangUp));
};

const urlOf = ({ address, family, port }: AddressInfo): string =>
  `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;

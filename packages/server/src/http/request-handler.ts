import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Config } from '../config.ts';
import type { RefusalReason } from '../errors.ts';
import type { Emit } from '../log-event.ts';
import type { WireRequest, WireResponse } from '../wire/exchange.ts';
import { callerOf } from './caller.ts';
import type { ClientCertificates } from './client-certificates.ts';
import { createConnections } from './connection.ts';
import type { Connection, Exchange } from './connection.ts';
import { createDropReports } from './dropped-connections.ts';
import type { DropReason } from './dropped-connections.ts';
import type { Endpoints } from './endpoints.ts';
import { renderBug } from './failures.ts';
import { BODY_ALREADY_READ, hasLargeHead, joinedHeaders } from './host-request.ts';
import type { ForwardingWatch } from './ignored-forwarding.ts';
import type { Load } from './load.ts';
import type { MountPath } from './mount-path.ts';
import { readBody } from './request-body.ts';
import { createTurns } from './turns.ts';

/** What requests are answered with, the same for every way in which they arrive. */
export type HandlerContext = {
  readonly limits: Pick<Config, 'bodyMaxBytes' | 'headersMaxBytes' | 'forwardedHops'>;
  readonly endpoints: Endpoints;
  readonly load: Load;
  readonly mountPath: MountPath;
  readonly watchForwarding: ForwardingWatch;
  /** Absent where no client can show a certificate. */
  readonly certificates?: ClientCertificates | undefined;
  /** The URL of a listener of its own; absent for the issuer. */
  readonly baseUrl?: (() => string) | undefined;
  readonly emit: Emit;
};

/** Answers the requests of a `node:http` server. */
export type RequestHandler = {
  /** A listener for `request`. */
  onRequest(request: IncomingMessage, response: ServerResponse): void;
  /** Refuses a request without reading its body. */
  refuse(request: IncomingMessage, response: ServerResponse, reason: RefusalReason): void;
  reply(exchange: Exchange, response: WireResponse): void;
  connectionOf(socket: Socket): Connection;
  /** Closes a connection on which nothing has moved for as long as the server allows. */
  timeOut(socket: Socket): void;
  /** From now on every answer is the last of its connection. */
  endConnections(): void;
};

/**
 * `isHosted` means that another program made the `node:http` server, maybe with other options than ours, and may have
 * read the body.
 */
export const createRequestHandler = (
  context: HandlerContext,
  { isHosted }: { readonly isHosted: boolean },
): RequestHandler => {
  const { limits, endpoints, load, watchForwarding, emit } = context;
  let arrived: Exchange[] = [];
  let isEnding = false;
  const connections = createConnections();
  const countDrop = createDropReports(emit);
  const reportDrop = (reason: DropReason, { caller }: Connection): void => {
    if (caller !== undefined) countDrop(reason, caller);
  };
  const decide = createDecision(context, { isHosted });
  const begin = (request: IncomingMessage, response: ServerResponse, refusal?: RefusalReason): void => {
    const connection = connections.of(request.socket);
    if (connection.isEnding) return;
    // The server of a host may serve HTTP/2, whose requests do not wait for each other, and other routes.
    if (!isHosted && !turns.admit(connection, request.socket)) return;
    const { path, query } = targetOf(request);
    const isFirst = connection.caller === undefined;
    const caller = callerOf(connection, request, limits.forwardedHops);
    if (isFirst) watchForwarding(plainHeaders(request), caller);
    const exchange = { connection, request, response, path, query, caller, refusal, isAnswered: false };
    connection.newest = exchange;
    if (isHosted) start(exchange);
    else turns.take(exchange);
  };

  /** A request is read after the event loop has visited every socket: its body is mostly complete then. */
  const start = (exchange: Exchange): void => {
    if (arrived.length === 0) setImmediate(readArrived);
    arrived.push(exchange);
  };
  const turns = createTurns({ start, onDrop: (connection) => reportDrop('too_many_waiting', connection) });

  const readArrived = (): void => {
    const exchanges = arrived;
    arrived = [];
    for (const exchange of exchanges) {
      const { connection, request, refusal } = exchange;
      if (connection.isEnding && request.socket.destroyed) continue;
      try {
        if (refusal !== undefined) reply(exchange, endpoints.refuse(exchange.path, refusal, exchange.caller));
        else if (isHosted && request.readableDidRead) reply(exchange, BODY_ALREADY_READ);
        else readBody(request, limits.bodyMaxBytes, (body) => answer(exchange, body));
      } catch (error) {
        fail(exchange, error);
      }
    }
  };

  const answer = (exchange: Exchange, body: Buffer | 'too_large'): void => {
    const isWithinLoad = load.begin();
    const done = (response: WireResponse): void => {
      load.end();
      try {
        reply(exchange, response);
      } catch (error) {
        fail(exchange, error);
      }
    };
    try {
      decide(exchange, body, isWithinLoad, done);
    } catch (error) {
      load.end();
      fail(exchange, error);
    }
  };

  /** An exception outside a route must not end the process of the host. */
  const fail = (exchange: Exchange, error: unknown): void => {
    const { response } = exchange;
    try {
      const bug = renderBug(emit, error);
      if (exchange.isAnswered) response.destroy();
      else reply(exchange, bug);
    } catch {
      response.destroy();
    }
  };

  const reply = (exchange: Exchange, wireResponse: WireResponse): void => {
    // The host may have answered meanwhile, for example because its own time limit has passed.
    if (exchange.isAnswered || exchange.response.headersSent) return;
    exchange.isAnswered = true;
    const { connection, request } = exchange;
    const isLast =
      connection.newest === exchange && (isEnding || !(request.complete || request.readableEnded));
    const isDropped = wireResponse.dropsConnection === true;
    connection.isEnding ||= isLast || isDropped;
    if (isDropped) drop(exchange.response);
    else write(exchange.response, wireResponse, { isHosted, isLast });
  };

  return {
    onRequest(request, response) {
      try {
        begin(request, response);
      } catch (error) {
        renderBug(emit, error);
        response.destroy();
      }
    },
    refuse: begin,
    reply,
    connectionOf: (socket) => connections.of(socket),
    timeOut(socket) {
      const connection = connections.of(socket);
      if (connection.current?.closed === false) reportDrop('answer_unread', connection);
      socket.destroy();
    },
    endConnections() {
      isEnding = true;
    },
  };
};

/** The answer to a request whose body is read, or is too large. */
const createDecision = (
  { limits, endpoints, mountPath, certificates, baseUrl }: HandlerContext,
  { isHosted }: { readonly isHosted: boolean },
) => {
  const readHeaders = isHosted ? joinedHeaders : plainHeaders;
  const withCertificate = ({ socket }: IncomingMessage, sent: WireRequest): WireRequest => {
    const { certificate, headers } = certificates?.ofProxy(socket.remoteAddress, sent.headers) ?? sent;
    const own = certificates?.ofConnection(socket);
    return { ...sent, headers, certificate: own ?? certificate, baseUrl: baseUrl?.() };
  };
  return (
    exchange: Exchange,
    body: Buffer | 'too_large',
    isWithinLoad: boolean,
    done: (response: WireResponse) => void,
  ): void => {
    const { request, path, query, caller } = exchange;
    const routePath = mountPath.toRoutePath(path);
    if (routePath === undefined) return done(endpoints.refuse(path, 'path_unknown', caller));
    const { method = '' } = request;
    const refuse = (reason: RefusalReason): void =>
      done(endpoints.refuse(routePath, reason, caller, { method, headers: readHeaders(request) }));
    // First, because it is refused whatever the body is.
    if (hasLargeHead(request, limits.headersMaxBytes)) return refuse('headers_too_large');
    if (body === 'too_large') return refuse('body_too_large');
    if (!isWithinLoad) return refuse('overloaded');
    const headers = readHeaders(request);
    if (!hasOneHost(headers, request.httpVersion)) return refuse('request_malformed');
    const sent = { method, path: routePath, query, headers, body };
    endpoints.answer(certificates === undefined ? sent : withCertificate(request, sent), exchange, done);
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

/** With `joinDuplicateHeaders` every value is one string, except a few that Node always lists; none of them is read. */
const plainHeaders = ({ headers }: IncomingMessage) => headers as WireRequest['headers'];

/** Exactly one, except in HTTP/1.0, which has none (RFC 9112 §3.2). */
const hasOneHost = ({ host }: WireRequest['headers'], httpVersion: string): boolean =>
  host === undefined ? httpVersion === '1.0' : !host.includes(',');

/** Closes the connection without an answer, after the answers to earlier requests have left. */
const drop = (response: ServerResponse): void => {
  if (response.socket !== null) response.socket.destroy();
  else response.once('socket', (socket: Socket) => socket.destroy());
};

/** As a flat list, the form that costs `node:http` least. */
const write = (
  response: ServerResponse,
  { status, headers, body }: WireResponse,
  { isHosted, isLast }: { readonly isHosted: boolean; readonly isLast: boolean },
): void => {
  const bytes = Buffer.byteLength(body);
  const list: (string | number)[] = ['Content-Length', bytes];
  for (const name in headers) list.push(name, headers[name] ?? '');
  // The list replaces headers of the same name; cookies of the host stay.
  if (isHosted && headers['Set-Cookie'] !== undefined)
    for (const cookie of [response.getHeader('Set-Cookie') ?? []].flat()) list.push('Set-Cookie', cookie);
  if (isLast && response.req.httpVersionMajor < 2) list.push('Connection', 'close');
  // A text of as many bytes as characters is ASCII, which costs less to write as Latin-1.
  response.writeHead(status, list).end(body, bytes === body.length ? 'latin1' : 'utf8');
};

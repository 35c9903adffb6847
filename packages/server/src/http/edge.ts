import { createServer, STATUS_CODES } from 'node:http';
import type { IncomingMessage, RequestListener, Server, ServerOptions, ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Socket } from 'node:net';
import type { Config } from '../config.ts';
import type { RefusalReason } from '../errors.ts';
import type { Caller } from '../log-event.ts';
import type { WireResponse } from '../wire/exchange.ts';
import { timeOutAnswers } from './answer-timeout.ts';
import { endConnection } from './connection.ts';
import { listenOn } from './listen-on.ts';
import { createRequestHandler } from './request-handler.ts';
import type { HandlerContext } from './request-handler.ts';

/** A listening server. */
export type Edge = {
  /** By which programs on this machine reach it; `unix:` with a path for a socket. */
  readonly url: string;
  /** Stops accepting, finishes open requests within the configured grace, and closes every connection. */
  close(): Promise<void>;
};

/**
 * By how much the headers of a request may be too large and still be read, so that a browser with many cookies gets a page. Larger
 * ones are refused unread.
 */
const LARGE_HEADERS_READ_BYTES = 16_384;
const TIMEOUT_CHECK_INTERVAL_MS = 250;
/** How long a client whose connection we end may keep it open from its side. */
const CLOSE_TIMEOUT_MS = 1000;

/** What a listener with TLS shows of itself, in PEM. */
export type TlsIdentity = { readonly cert: Buffer | string; readonly key: Buffer | string };

/** A listener with TLS, which may ask clients for a certificate. */
export type TlsListening = TlsIdentity & { readonly requestCert: boolean };

/**
 * The suites of TLS 1.2 that BCP 195 recommends; those of TLS 1.3 are all good. The client's order counts for nothing.
 *
 * @see RFC 9325 §4.2, FAPI 2.0 Security Profile §5.2.2
 */
const TLS_12_CIPHERS = [
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
];
const TLS_13_CIPHERS = ['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256'];

const TLS_OPTIONS = {
  minVersion: 'TLSv1.2',
  ciphers: [...TLS_13_CIPHERS, ...TLS_12_CIPHERS].join(':'),
  honorCipherOrder: true,
} as const;

/**
 * Where clients are asked for a certificate, none is checked here: some sign theirs themselves, and what each proves is
 * decided where its client is known.
 *
 * @see RFC 8705 §2.2
 */
const createHttpServer = (
  options: ServerOptions,
  onRequest: RequestListener,
  tls: (TlsListening & { readonly handshakeTimeout: number }) | undefined,
): Server =>
  tls === undefined
    ? createServer(options, onRequest)
    : createTlsServer({ ...options, ...tls, ...TLS_OPTIONS, rejectUnauthorized: false }, onRequest);

/** Serves the endpoints from a `node:http` server of our own, with limits on all that a stranger can consume. */
export const listen = async (config: Config, context: HandlerContext, tls?: TlsListening): Promise<Edge> => {
  const { endpoints } = context;
  const handler = createRequestHandler(context, { isHosted: false });

  /** Bytes that never became a request: not HTTP, too slow, headers too large. Earlier requests are answered first. */
  const onClientError = (error: Error & { code?: string }, socket: Socket): void => {
    const connection = handler.connectionOf(socket);
    if (!socket.writable || error.code === 'ECONNRESET') return void socket.destroy();
    if (connection.isEnding) return;
    const reason = UNREADABLE[error.code ?? ''] ?? 'request_malformed';
    const { newest } = connection;
    if (newest !== undefined && !newest.request.complete && !newest.isAnswered) {
      return handler.reply(newest, endpoints.refuse(newest.path, reason, newest.caller));
    }
    endConnection(connection, () =>
      answerAndClose(socket, endpoints.refuse('/', reason, addressOnly(socket))),
    );
  };

  const server = createHttpServer(
    {
      maxHeaderSize: config.headersMaxBytes + LARGE_HEADERS_READ_BYTES,
      headersTimeout: config.headersTimeoutSeconds * 1000,
      requestTimeout: config.requestTimeoutSeconds * 1000,
      keepAliveTimeout: config.keepAliveTimeoutSeconds * 1000,
      connectionsCheckingInterval: TIMEOUT_CHECK_INTERVAL_MS,
      joinDuplicateHeaders: true,
      requireHostHeader: false,
    },
    handler.onRequest,
    tls && { ...tls, handshakeTimeout: config.headersTimeoutSeconds * 1000 },
  );
  timeOutAnswers(server, handler.connectionOf, config.answerTimeoutSeconds * 1000);
  server.on('timeout', handler.timeOut);
  server.maxRequestsPerSocket = config.requestsPerConnectionMax;
  // Their size counts. By default Node would drop all headers above a number, in silence.
  server.maxHeadersCount = 0;
  server.maxConnections = config.connectionsMax;
  server.on('clientError', onClientError);
  server.on('checkExpectation', (request: IncomingMessage, response: ServerResponse) =>
    handler.refuse(request, response, 'expectation_unknown'),
  );
  server.on('connect', (_request, socket: Socket) => {
    // Node no longer handles this socket or its errors: an unhandled error would end the process.
    socket.on('error', () => socket.destroy());
    answerAndClose(socket, endpoints.refuse('/', 'method_not_allowed', addressOnly(socket)));
  });
  const plainUrl = await listenOn(server, config);
  const url = tls === undefined ? plainUrl : plainUrl.replace(/^http:/, 'https:');

  return {
    url,
    close: () =>
      new Promise((resolve) => {
        handler.endConnections();
        const force = setTimeout(() => server.closeAllConnections(), config.shutdownGraceSeconds * 1000);
        server.close(() => {
          clearTimeout(force);
          resolve();
        });
      }),
  };
};

/** Why Node could not read a request, by the code of its error. */
const UNREADABLE: Readonly<Record<string, RefusalReason>> = {
  ERR_HTTP_REQUEST_TIMEOUT: 'body_too_slow',
  HPE_HEADER_OVERFLOW: 'headers_too_large',
};

const addressOnly = ({ remoteAddress }: Socket): Caller => ({ address: remoteAddress ?? '', userAgent: '' });

/** Answers on a socket that has no request. A client that does not close the connection then is cut off. */
const answerAndClose = (socket: Socket, response: WireResponse): void => {
  if (response.dropsConnection === true) return void socket.destroy();
  const { status, headers, body } = response;
  const lines = Object.entries({
    ...headers,
    'Content-Length': Buffer.byteLength(body),
    Connection: 'close',
  });
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${head}\r\n${body}`);
  const closeTimer = setTimeout(() => socket.destroy(), CLOSE_TIMEOUT_MS);
  socket.on('close', () => clearTimeout(closeTimer));
};

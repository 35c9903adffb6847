import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { answerProblem, Problem, TooOften } from './api/problem.ts';
import { answerInTurns } from './connections.ts';
import { plain } from './exchange.ts';
import type { AdminAnswer, AdminPages, StreamHolder, StreamWriter } from './exchange.ts';
import { createHostCheck } from './host-check.ts';

export type AdminRoutes = ReadonlyMap<string, () => Promise<AdminAnswer>>;

export type AdminListener = { readonly url: string; close(): Promise<void> };

/** Where the admin listener listens, and the names besides this host that requests may be for. */
export type AdminAddress = {
  readonly host: string;
  readonly port: number;
  readonly allowedHosts: readonly string[];
};

const UNKNOWN_HOST = 'unknown host: use an address, or allow the name by KEYFOB_ADMIN_ALLOWED_HOSTS';

/** Small limits: probes, scrapers and a few operators send requests here. */
const LIMITS = {
  maxHeaderSize: 8192,
  headersTimeout: 5000,
  requestTimeout: 5000,
  keepAliveTimeout: 75_000,
  connectionsCheckingInterval: 1000,
};
const BODY_MAX_BYTES = 64 * 1024;
/** Answers that go on: each holds a connection, and probes need some as well. */
const STREAMS_MAX = 20;
/** Of one person or program. */
const STREAMS_PER_HOLDER_MAX = 4;
/** Of all developers: they may belong to other companies, and the rest is for operators. */
const STREAMS_OF_DEVELOPERS_MAX = 10;
const STREAMS_RETRY_SECONDS = 30;

/**
 * Listens on its own address, separate from the public one. `routes` are read only and need no name; all other paths are for
 * `pages`. A request for a name that is neither the host it listens on nor allowed is answered 421. What throws is answered
 * 500, and the error is passed to `onFailure`.
 */
export const listenForAdmin = async (
  { host, port, allowedHosts }: AdminAddress,
  { routes, pages }: { readonly routes: AdminRoutes; readonly pages: AdminPages },
  onFailure: (error: unknown) => void,
): Promise<AdminListener> => {
  const isKnownHost = createHostCheck([host, ...allowedHosts]);
  const openStreams: OpenStreams = new Map();
  const answer = async (request: IncomingMessage, requestId: string): Promise<AdminAnswer> => {
    const { method = '', url = '', headers, socket } = request;
    if (!isKnownHost(headers.host)) return plain(421, UNKNOWN_HOST);
    const at = url.indexOf('?');
    const path = at < 0 ? url : url.slice(0, at);
    const route = routes.get(path);
    if (route !== undefined && method !== 'GET' && method !== 'HEAD')
      return { ...plain(405, 'only GET'), headers: { Allow: 'GET, HEAD' } };
    if (route !== undefined) return route();
    const body = await readBody(request);
    if (body === undefined)
      return {
        ...plain(413, `a body has at most ${BODY_MAX_BYTES} bytes`),
        headers: { Connection: 'close' },
      };
    const query = new URLSearchParams(at < 0 ? '' : url.slice(at + 1));
    const address = socket.remoteAddress ?? '';
    const found = await pages({ method, path, query, headers, body, address, requestId });
    return found ?? plain(404, 'not found');
  };
  const reply = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const requestId = randomUUID();
    const found = await answer(request, requestId).catch((error: unknown) => {
      onFailure(error);
      return plain(500, 'failed');
    });
    if (found.stream === undefined || request.method === 'HEAD') return write(response, found);
    const problem = faultOfStream(openStreams, found.stream);
    if (problem !== undefined) return write(response, answerProblem(problem, requestId));
    send(response, { ...found, stream: found.stream }, openStreams, onFailure);
  };
  const server = createServer(LIMITS);
  answerInTurns(server, (request, response) => void reply(request, response));
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
        for (const stream of openStreams.keys()) stream.abort();
        server.close(() => resolve());
        // The process ends, and probes repeat their requests.
        server.closeAllConnections();
      }),
  };
};

const write = (response: ServerResponse, { status, type, body, headers }: AdminAnswer): void => {
  response
    .writeHead(status, {
      'Content-Type': type,
      'Content-Length': Buffer.byteLength(body),
      ...USUAL_HEADERS,
      ...(headers as Record<string, string | string[]> | undefined),
    })
    .end(body);
};

/** Of every answer; a page has its own policy instead. */
const USUAL_HEADERS = {
  'Cache-Control': 'no-store',
  'X-Content-Type-Options': 'nosniff',
  'Content-Security-Policy': `default-src 'none'; frame-ancestors 'none'`,
  'Cross-Origin-Resource-Policy': 'same-origin',
};

/** What ends each open stream, and whose it is. */
type OpenStreams = Map<AbortController, StreamHolder>;

/** Why one more stream is too many; `undefined` where it is not. */
const faultOfStream = (open: OpenStreams, { holder, isDeveloper }: StreamHolder): Problem | undefined => {
  const holders = [...open.values()];
  const own = holders.filter((one) => one.holder === holder).length;
  if (own >= STREAMS_PER_HOLDER_MAX)
    return new TooOften(STREAMS_RETRY_SECONDS, {
      en: `you have ${own} streams open: end one of them`,
      ko: `열어 둔 실시간 목록이 ${own}개입니다. 하나를 닫으세요.`,
    });
  const ofDevelopers = holders.filter((one) => one.isDeveloper).length;
  const isFull = open.size >= STREAMS_MAX || (isDeveloper && ofDevelopers >= STREAMS_OF_DEVELOPERS_MAX);
  return isFull
    ? new Problem('streams_full', {
        en: `this server has ${open.size} streams open`,
        ko: `이 서버에 열린 실시간 목록이 ${open.size}개입니다.`,
      })
    : undefined;
};

/** Sends an answer that goes on. A reader who is too slow for it is cut off. */
const send = (
  response: ServerResponse,
  { status, type, headers, stream }: AdminAnswer & Required<Pick<AdminAnswer, 'stream'>>,
  open: OpenStreams,
  onFailure: (error: unknown) => void,
): void => {
  const ended = new AbortController();
  open.set(ended, stream);
  response.on('close', () => {
    open.delete(ended);
    ended.abort();
  });
  response.writeHead(status, {
    'Content-Type': type,
    ...USUAL_HEADERS,
    ...(headers as Record<string, string | string[]> | undefined),
  });
  response.flushHeaders();
  const writer: StreamWriter = {
    write(text) {
      if (ended.signal.aborted) return;
      if (response.writableLength > WAITING_MAX_BYTES) response.destroy();
      else response.write(text);
    },
    drained: () =>
      new Promise((resolve) => {
        if (ended.signal.aborted || !response.writableNeedDrain) return resolve();
        const go = (): void => {
          response.off('drain', go).off('close', go);
          resolve();
        };
        response.on('drain', go).on('close', go);
      }),
    signal: ended.signal,
  };
  const run = async (): Promise<void> => {
    try {
      if ((await stream.run(writer)) === 'cut') response.destroy();
      else response.end();
    } catch (error) {
      // An answer that ended as usual would look whole.
      response.destroy();
      onFailure(error);
    }
  };
  void run();
};

/** How much may wait for a slow reader. */
const WAITING_MAX_BYTES = 1_048_576;

/** The body as text; `undefined` for one that is too large. */
const readBody = async (request: IncomingMessage): Promise<string | undefined> => {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > BODY_MAX_BYTES) return undefined;
      chunks.push(chunk);
    }
  } catch {
    // The sender is gone, and gets no answer.
    return undefined;
  }
  return Buffer.concat(chunks).toString();
};

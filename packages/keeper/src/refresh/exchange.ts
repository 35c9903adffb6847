import { request as requestInClear } from 'node:http';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { request as requestEncrypted } from 'node:https';
import type { Readable, Transform } from 'node:stream';
import { constants, createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import type { Clock, Millis } from '../time.ts';

/** A request to a token endpoint. */
export type TokenRequest = {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
};

/** How an exchange ended. */
export type Exchange =
  /** Certainly no byte of the body left this machine. */
  | { readonly kind: 'not_sent'; readonly why: string }
  /** It was sent, and the answer did not arrive, or not all of it. */
  | {
      readonly kind: 'unanswered';
      readonly why: string;
      readonly status?: number;
      readonly partOfBody?: string;
    }
  | {
      readonly kind: 'answered';
      readonly status: number;
      readonly headers: Readonly<Record<string, string>>;
      readonly body: string;
    };

/**
 * Sends one request. `maySend` is asked at the last moment, when the connection stands and before the first byte of the
 * body is written; where it answers no, nothing is sent. It may have to ask the store, so wait for its answer, and then send at
 * once. Never rejects, and nobody can cut it short. From `givenUp` on it is no reason for a process to stay alive; an answer that
 * comes nevertheless is still one.
 */
export type Transport = (
  request: TokenRequest,
  options: {
    readonly deadlineMs: Millis;
    maySend(): boolean | Promise<boolean>;
    readonly clock: Clock;
    readonly givenUp?: AbortSignal | undefined;
  },
) => Promise<Exchange>;

/** A connection stands by then, or not at all. It keeps no place in the budget for longer. */
const CONNECT_MAX_MS = 10_000;

/** No token endpoint needs more. */
const BODY_MAX_BYTES = 256 * 1024;

/**
 * The real transport. A new connection per exchange: a pooled one that the other side has just closed looks exactly like a
 * lost answer. No redirect is followed, because it would carry token and secret elsewhere; nothing is repeated.
 */
export const sendByHttp: Transport = ({ url, headers, body }, { deadlineMs, maySend, clock, givenUp }) =>
  new Promise((resolve) => {
    const target = new URL(url);
    const isEncrypted = target.protocol === 'https:';
    let isSent = false;
    let isOver = false;
    let received: { status: number; text(): string } | undefined;
    const request: ClientRequest = (isEncrypted ? requestEncrypted : requestInClear)(target, {
      method: 'POST',
      agent: false,
      headers: { ...headers, 'content-length': Buffer.byteLength(body), connection: 'close' },
    });
    const end = (exchange: Exchange): void => {
      isOver = true;
      cancelDeadline();
      givenUp?.removeEventListener('abort', leaveBehind);
      cancelConnect();
      resolve(exchange);
      request.destroy();
    };
    const fail = (why: string): void => {
      if (!isSent) return end({ kind: 'not_sent', why });
      if (received === undefined) return end({ kind: 'unanswered', why });
      end({ kind: 'unanswered', why, status: received.status, partOfBody: received.text() });
    };
    const endMs = clock.monotonicMs() + deadlineMs;
    const timeOut = (): void => afterPolling(() => fail('timeout'));
    let cancelDeadline = clock.after(deadlineMs, timeOut);
    const leaveBehind = (): void => {
      cancelDeadline();
      cancelDeadline = clock.inBackground(endMs - clock.monotonicMs(), timeOut);
      request.socket?.unref();
    };
    givenUp?.addEventListener('abort', leaveBehind, { once: true });
    const cancelConnect = clock.after(CONNECT_MAX_MS, () => afterPolling(() => fail('connect_timeout')));
    const sendIfAllowed = async (): Promise<void> => {
      const isAllowed = await maySend();
      // What has been reported as not sent stays so.
      if (isOver) return;
      if (!isAllowed) return fail('lease_lost');
      isSent = true;
      request.end(body);
    };
    request.on('socket', (socket) => {
      if (givenUp?.aborted === true) socket.unref();
      socket.once(isEncrypted ? 'secureConnect' : 'connect', () => {
        cancelConnect();
        void sendIfAllowed();
      });
    });
    request.on('error', (error) => fail(codeOf(error)));
    // Without an answer, and without an error: for example where the server wants to speak another protocol.
    request.on('close', () => {
      if (received === undefined) fail('closed');
    });
    request.on('response', (response) => {
      const status = response.statusCode ?? 0;
      const onEnd = (text: string): void =>
        end({ kind: 'answered', status, headers: plainHeaders(response), body: text });
      received = { status, text: readBody(response, { onEnd, onCut: fail }) };
    });
  });

/** A process that was busy or stopped finds its deadline over and the answer waiting: the answer is read first. */
const afterPolling = (work: () => void, turns = 4): void => {
  setImmediate(() => (turns === 0 ? work() : afterPolling(work, turns - 1)));
};

/** Reads a body to its end, or to where it is cut. Returns what gives the text so far. */
const readBody = (
  response: IncomingMessage,
  { onEnd, onCut }: { onEnd(text: string): void; onCut(why: string): void },
): (() => string) => {
  const decoder = decoderFor(response);
  const asCame = collect(response, () => onCut('answer_too_large'));
  const decoded = decoder === undefined ? asCame : collect(decoder, () => onCut('answer_too_large'));
  /** A body that is not what its header says is taken as it came. */
  const text = (): string => readText(decoded().length > 0 ? decoded() : asCame());
  const end = (): void => (response.complete ? onEnd(text()) : onCut('cut_off'));
  if (decoder === undefined) response.on('end', end);
  decoder?.on('end', end).on('error', (error) => {
    if (decoded().length > 0) return onCut(codeOf(error));
    if (response.readableEnded) return end();
    response.on('end', end).resume();
  });
  response.on('error', (error) => onCut(codeOf(error)));
  response.on('aborted', () => onCut('cut_off'));
  return text;
};

const collect = (stream: Readable, onTooMuch: () => void): (() => Buffer) => {
  const chunks: Buffer[] = [];
  let bytes = 0;
  stream.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > BODY_MAX_BYTES) return onTooMuch();
    chunks.push(chunk);
  });
  return () => Buffer.concat(chunks);
};

/** UTF-16 by its mark, UTF-8 where it is that, else Latin-1: every byte is kept, because a token may be among them. */
const readText = (bytes: Buffer): string => {
  const [first, second] = bytes;
  if (first === 0xff && second === 0xfe) return new TextDecoder('utf-16le').decode(bytes);
  if (first === 0xfe && second === 0xff) return new TextDecoder('utf-16be').decode(bytes);
  try {
    // What was cut off may end inside a character.
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true });
  } catch {
    return bytes.toString('latin1');
  }
};

/** Nobody asked for a compressed answer, but some proxies compress every one: its pair may be the only one that lives. */
const decoderFor = (response: IncomingMessage): Transform | undefined => {
  const makeDecoder = DECODERS[response.headers['content-encoding']?.trim().toLowerCase() ?? ''];
  return makeDecoder === undefined ? undefined : response.pipe(makeDecoder());
};

const UNFINISHED = { finishFlush: constants.Z_SYNC_FLUSH };
const DECODERS: Readonly<Record<string, () => Transform>> = {
  gzip: () => createGunzip(UNFINISHED),
  'x-gzip': () => createGunzip(UNFINISHED),
  deflate: () => createInflate(UNFINISHED),
  br: () => createBrotliDecompress(),
};

const codeOf = (error: Error): string =>
  'code' in error && typeof error.code === 'string' ? error.code : error.name;

const plainHeaders = ({ headers }: IncomingMessage): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(', ') : (value ?? ''),
    ]),
  );

import type { ServerResponse } from 'node:http';
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { WireResponse } from '@keyfob/server/wire';
import type { LossPlan } from './fault-plan.ts';

/** What of an answer left for the client. */
export type Delivered =
  /** All of it. */
  | { readonly kind: 'all' }
  /** None of it, or the first bytes only. */
  | { readonly kind: 'part'; readonly bytes: number }
  /** The client closed the connection before it. */
  | { readonly kind: 'client_gone' };

/** How long a connection stays open on which nothing is ever answered. */
const HANG_MAX_MS = 600_000;

/**
 * Sends an answer, or loses it as planned. Resolves when it has left, or when the connection is over. A connection that
 * hangs resolves when its client leaves. `onBytes` is called when the first of several parts has left.
 */
export const deliver = async (
  response: ServerResponse,
  answer: WireResponse,
  loss: LossPlan | undefined,
  onBytes: () => void,
): Promise<Delivered> => {
  const { socket } = response.req;
  await untilItsTurn(response, socket);
  if (socket.destroyed) return { kind: 'client_gone' };
  if (loss === undefined) return send(response, answer);
  return lose(response, socket, answer, loss, onBytes);
};

/** A client may send a request before it has the answer to the last one: answers leave in the order of the requests. */
const untilItsTurn = (response: ServerResponse, socket: Socket): Promise<void> =>
  new Promise((resolve) => {
    if (response.socket !== null || socket.destroyed) return resolve();
    const end = (): void => {
      response.off('socket', end);
      socket.off('close', end);
      resolve();
    };
    response.once('socket', end);
    socket.once('close', end);
  });

const send = (response: ServerResponse, { status, headers, body }: WireResponse): Promise<Delivered> =>
  new Promise((resolve) => {
    response.once('close', () =>
      resolve(response.writableFinished ? { kind: 'all' } : { kind: 'client_gone' }),
    );
    const list: (string | number)[] = ['Content-Length', Buffer.byteLength(body)];
    for (const [name, value] of Object.entries(headers)) list.push(name, value);
    response.writeHead(status, list).end(response.req.method === 'HEAD' ? '' : body);
  });

const lose = async (
  response: ServerResponse,
  socket: Socket,
  answer: WireResponse,
  { how, afterBytes }: LossPlan,
  onBytes: () => void,
): Promise<Delivered> => {
  const text = writeAnswer(answer);
  const bytes =
    afterBytes ?? (how === 'halfBody' ? text.length - Math.ceil(Buffer.byteLength(answer.body) / 2) : 0);
  const part = text.subarray(0, bytes);
  if (part.length > 0) {
    await new Promise<void>((resolve) => socket.write(part, () => resolve()));
    onBytes();
  }
  const isComplete = part.length === text.length;
  if (how === 'hang') {
    const isGone = await untilClosed(socket);
    if (!isGone) socket.destroy();
  } else if (how === 'reset') socket.resetAndDestroy();
  else await endAndClose(socket);
  response.destroy();
  return isComplete ? { kind: 'all' } : { kind: 'part', bytes: part.length };
};

/** The bytes of an answer as HTTP/1.1 has them. */
const writeAnswer = ({ status, headers, body }: WireResponse): Buffer => {
  const lines = Object.entries({ ...headers, 'Content-Length': Buffer.byteLength(body) });
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  return Buffer.from(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${head}\r\n${body}`);
};

/** Resolves when the client has left; `false` if it has not for a long time. */
const untilClosed = (socket: Socket): Promise<boolean> =>
  new Promise((resolve) => {
    if (socket.destroyed) return resolve(true);
    const timer = setTimeout(() => resolve(false), HANG_MAX_MS).unref();
    socket.once('close', () => {
      clearTimeout(timer);
      resolve(true);
    });
  });

/** Closes with a FIN: the client sees the end of the stream where it expected an answer. */
const endAndClose = (socket: Socket): Promise<void> =>
  new Promise((resolve) => {
    socket.end(() => {
      socket.destroy();
      resolve();
    });
  });

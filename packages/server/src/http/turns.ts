import type { Socket } from 'node:net';
import type { Connection, Exchange } from './connection.ts';

/** A request that takes turns with the others of its connection. */
type Turn<One> = Pick<Exchange, 'request' | 'response'> & {
  readonly connection: Pick<Connection, 'current' | 'isPaused' | 'isEnding'> & { waiting: One[] };
};

/** While so many requests wait for their turn, nothing more is read from their connection. */
export const READ_AHEAD_MAX = 32;
/** One read can bring more. A connection that sends more than this is closed. */
export const WAITING_MAX = 256;
/** Of all connections together: some 30 MB. Above it, a connection that does not wait for its answers is closed. */
export const WAITING_IN_TOTAL_MAX = 10_000;

/** The requests that a connection sends before it has the answers to earlier ones take turns. */
export type Turns<One extends Turn<One>> = {
  /** Whether a request may wait, if it has to. Otherwise its connection is closed, and nothing is made of the request. */
  admit(connection: One['connection'], socket: Socket): boolean;
  /** Starts a request when the answers to all earlier ones have left: now, as usual, or later. */
  take(exchange: One): void;
};

/**
 * Answers one request of a connection at a time, and the next one after the client has taken that answer. So a connection
 * gets the share of one client however much it sends, and holds one answer in memory if it reads none.
 */
export const createTurns = <One extends Turn<One>>({
  start,
  onDrop,
}: {
  readonly start: (exchange: One) => void;
  /** A connection is closed because of what it sent. */
  readonly onDrop: (connection: One['connection']) => void;
}): Turns<One> => {
  let waitingInTotal = 0;

  const startNext = (connection: One['connection'], socket: Socket): void => {
    const { waiting } = connection;
    if (socket.destroyed) {
      waitingInTotal -= waiting.length;
      connection.waiting = [];
      return;
    }
    const exchange = waiting.shift();
    if (exchange === undefined) return;
    waitingInTotal--;
    if (connection.isPaused === true && waiting.length < READ_AHEAD_MAX / 2) {
      connection.isPaused = false;
      socket.resume();
    }
    connection.current = exchange.response;
    if (waiting.length > 0) exchange.response.once('close', () => startNext(connection, socket));
    start(exchange);
  };

  return {
    admit(connection, socket) {
      if (!isBusy(connection)) return true;
      if (connection.waiting.length < WAITING_MAX && waitingInTotal < WAITING_IN_TOTAL_MAX) return true;
      connection.isEnding = true;
      onDrop(connection);
      destroy(socket);
      return false;
    },
    take(exchange) {
      const { connection, request, response } = exchange;
      const { current, waiting } = connection;
      if (current === undefined || !isBusy(connection)) {
        connection.current = response;
        return start(exchange);
      }
      const { socket } = request;
      if (waiting.length === 0) current.once('close', () => startNext(connection, socket));
      waiting.push(exchange);
      waitingInTotal++;
      if (waiting.length >= READ_AHEAD_MAX && connection.isPaused !== true) pause(connection, socket);
    },
  };
};

const isBusy = ({ current }: Pick<Connection, 'current'>): boolean =>
  current !== undefined && !current.closed;

/** Stops reading, also when Node resumes the socket to read the body of an earlier request. */
const pause = (connection: Pick<Connection, 'isPaused'>, socket: Socket): void => {
  if (connection.isPaused === undefined)
    socket.on('resume', () => {
      if (connection.isPaused === true) socket.pause();
    });
  connection.isPaused = true;
  socket.pause();
};

/** What Node's parser of requests takes as an error of its callback. */
const STOP = -1;

/**
 * One read can bring thousands of requests, and Node makes an object of each of them, also after its connection is closed. A
 * callback that reports an error ends that. The callback is not documented: without it, Node goes on to the end of the read.
 */
const stopParsing = (socket: Socket): void => {
  const { parser } = socket as { readonly parser?: { onIncoming?: unknown } | null };
  if (typeof parser?.onIncoming === 'function') parser.onIncoming = () => STOP;
};

/**
 * Closes a connection with many unanswered requests. Node then makes an error for each of them, and most of its cost is the
 * stack, which nobody sees.
 */
const destroy = (socket: Socket): void => {
  stopParsing(socket);
  let limit = Error.stackTraceLimit;
  socket.prependListener('close', () => {
    limit = Error.stackTraceLimit;
    Error.stackTraceLimit = 0;
  });
  socket.on('close', () => {
    Error.stackTraceLimit = limit;
  });
  socket.destroy();
};

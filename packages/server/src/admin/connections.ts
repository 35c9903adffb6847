import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { timeOutAnswers } from '../http/answer-timeout.ts';
import { createTurns } from '../http/turns.ts';

/** A request and its response, with what is known of their connection. */
type AdminTurn = {
  readonly connection: AdminConnection;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
};
type AdminConnection = {
  current: ServerResponse | undefined;
  timed: ServerResponse | undefined;
  waiting: AdminTurn[];
  isPaused: boolean | undefined;
  isEnding: boolean;
};

/** Probes, scrapers and a few operators. */
export const CONNECTIONS_MAX = 100;
/** For as long, an answer may not move. A live stream says every 15 seconds that it is alive. */
const ANSWER_TIMEOUT_MS = 60_000;

/**
 * Bounds what a stranger can hold. A connection gets one answer at a time, however much it sends. Where there are too many
 * connections, one makes room that nothing is done for, so that probes and operators still get in.
 */
export const answerInTurns = (server: Server, onRequest: RequestListener): void => {
  const known = new WeakMap<Socket, AdminConnection>();
  const connectionOf = (socket: Socket): AdminConnection => {
    const found = known.get(socket);
    if (found !== undefined) return found;
    const connection: AdminConnection = {
      current: undefined,
      timed: undefined,
      waiting: [],
      isPaused: undefined,
      isEnding: false,
    };
    known.set(socket, connection);
    return connection;
  };
  const turns = createTurns<AdminTurn>({
    start: ({ request, response }) => onRequest(request, response),
    onDrop: () => {},
  });
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const { socket } = request;
    const connection = connectionOf(socket);
    if (connection.isEnding || !turns.admit(connection, socket)) return;
    turns.take({ connection, request, response });
  });
  timeOutAnswers(server, connectionOf, ANSWER_TIMEOUT_MS);
  makeRoom(server, connectionOf);
};

const makeRoom = (server: Server, connectionOf: (socket: Socket) => AdminConnection): void => {
  /** The oldest first. */
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    if (sockets.size <= CONNECTIONS_MAX) return;
    const others = [...sockets].filter((one) => one !== socket && !one.destroyed);
    const spare =
      others.find((one) => isIdle(connectionOf(one))) ?? others.find((one) => isSlow(connectionOf(one)));
    (spare ?? socket).destroy();
  });
};

/** Whether it has sent no whole head of a request, or has its answers. */
const isIdle = ({ current }: AdminConnection): boolean => current === undefined || current.closed;

/** Whether all that is awaited is its client: the rest of a body, or that it takes its answer. */
const isSlow = ({ current }: AdminConnection): boolean =>
  current !== undefined && (current.writableEnded || !current.req.complete);

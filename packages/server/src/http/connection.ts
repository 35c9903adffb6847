import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { RefusalReason } from '../errors.ts';
import type { Caller } from '../log-event.ts';

/** A request and its response. Node sends responses in the order of their requests. */
export type Exchange = {
  readonly connection: Connection;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly path: string;
  readonly query: string;
  readonly caller: Caller;
  /** Why it is refused without being read; `undefined` for a request that is read. */
  readonly refusal: RefusalReason | undefined;
  isAnswered: boolean;
};

/**
 * The state of one connection. Requests may be pipelined, so a connection ends only after its newest request is
 * answered: ended sooner, it would lose the answers of rotations that are already on disk.
 */
export type Connection = {
  newest: Exchange | undefined;
  /** The response of the request whose turn it is, or was last. */
  current: ServerResponse | undefined;
  /** The newest response whose socket has a timer, because it takes long. */
  timed: ServerResponse | undefined;
  /** The requests whose turn comes later, in their order. */
  waiting: Exchange[];
  /** Whether nothing is read from it, because too many wait; `undefined` until that happens for the first time. */
  isPaused: boolean | undefined;
  /** Who sent the newest request. */
  caller: Caller | undefined;
  /** Its `X-Forwarded-For`, where the header is trusted. */
  forwardedFor: string | readonly string[] | undefined;
  isEnding: boolean;
};

export const createConnection = (): Connection => ({
  newest: undefined,
  current: undefined,
  timed: undefined,
  waiting: [],
  isPaused: undefined,
  caller: undefined,
  forwardedFor: undefined,
  isEnding: false,
});

/** The connections by their sockets. */
export const createConnections = () => {
  const connections = new WeakMap<Socket, Connection>();
  return {
    of(socket: Socket): Connection {
      const known = connections.get(socket);
      if (known !== undefined) return known;
      const connection = createConnection();
      connections.set(socket, connection);
      return connection;
    },
  };
};

/** Ends a connection: calls `farewell` once every response to an earlier request has been sent. */
export const endConnection = (connection: Connection, farewell: () => void): void => {
  connection.isEnding = true;
  const last = connection.newest?.response;
  if (last === undefined || last.closed) farewell();
  else last.on('close', farewell);
};

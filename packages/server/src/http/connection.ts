import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Caller } from '../log-event.ts';

/** A request and what it is answered on. Node sends answers in the order of their requests. */
export type Exchange = {
  readonly connection: Connection;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly path: string;
  readonly query: string;
  readonly caller: Caller;
  isAnswered: boolean;
};

/**
 * What is going on on one connection. Requests may be pipelined, so a connection is only ended behind its newest
 * request: ended sooner, it would take answers of rotations with it that are already on disk.
 */
export type Connection = {
  newest: Exchange | undefined;
  /** Who sent the newest request. */
  caller: Caller | undefined;
  /** What its `X-Forwarded-For` said, where that is believed. */
  forwardedFor: string | readonly string[] | undefined;
  isEnding: boolean;
};

/** The connections by their sockets. */
export const createConnections = () => {
  const connections = new WeakMap<Socket, Connection>();
  return {
    of(socket: Socket): Connection {
      const known = connections.get(socket);
      if (known !== undefined) return known;
      const connection: Connection = {
        newest: undefined,
        caller: undefined,
        forwardedFor: undefined,
        isEnding: false,
      };
      connections.set(socket, connection);
      return connection;
    },
  };
};

/** Ends a connection: does `farewell` once every answer owed on it, given by now or not, has left. */
export const endConnection = (connection: Connection, farewell: () => void): void => {
  connection.isEnding = true;
  const last = connection.newest?.response;
  if (last === undefined || last.closed) farewell();
  else last.on('close', farewell);
};

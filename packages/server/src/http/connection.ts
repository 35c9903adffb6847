import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Caller } from '../events.ts';

/** A request and what it is answered on. Node sends answers in the order of their requests. */
export type Exchange = {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly path: string;
  readonly caller: Caller;
  isAnswered: boolean;
};

/**
 * What is going on on one connection. Requests may be pipelined, so a connection is only ended behind its newest
 * request: ended sooner, it would take answers of rotations with it that are already on disk.
 */
export type Connection = {
  newest: Exchange | undefined;
  /** Answers owed, given or not, that have not left yet. */
  unsent: number;
  /** What comes after the answers owed, where the bytes behind them are no request. */
  farewell: (() => void) | undefined;
  isEnding: boolean;
};

/** The connections by their sockets. */
export const createConnections = () => {
  const connections = new WeakMap<Socket, Connection>();
  return {
    of(socket: Socket): Connection {
      const known = connections.get(socket);
      if (known !== undefined) return known;
      const connection: Connection = { newest: undefined, unsent: 0, farewell: undefined, isEnding: false };
      connections.set(socket, connection);
      return connection;
    },
  };
};

/** Notes a new request; what waits for the answers owed is done once the last of them has left. */
export const addExchange = (connection: Connection, exchange: Exchange): void => {
  connection.newest = exchange;
  connection.unsent++;
  exchange.response.on('close', () => {
    connection.unsent--;
    if (connection.unsent === 0) connection.farewell?.();
  });
};

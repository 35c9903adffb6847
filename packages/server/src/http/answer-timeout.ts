import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Millis } from '../clock.ts';
import type { Connection } from './connection.ts';

/** The interval at which answers that take long are looked for. Their timers end later by at most as much. */
const SWEEP_INTERVAL_MS = 1000;

/**
 * Lets a socket time out on which nothing has moved for `timeoutMs` while a request of it waits for its answer, or an answer for
 * its reader. Most answers leave at once: only those that a sweep finds get a timer. `server.timeout` of `node:http` would set
 * one for every request.
 */
export const timeOutAnswers = (
  server: Server,
  connectionOf: (socket: Socket) => Pick<Connection, 'current' | 'timed'>,
  timeoutMs: Millis,
): void => {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  const sweep = (): void => {
    for (const socket of sockets) {
      const connection = connectionOf(socket);
      const { current, timed } = connection;
      // Node replaces the timer by that of an idle connection once the answer has left.
      if (current === undefined || current.closed || current === timed) continue;
      connection.timed = current;
      socket.setTimeout(timeoutMs);
    }
  };
  const sweeping = setInterval(sweep, Math.min(SWEEP_INTERVAL_MS, timeoutMs / 4)).unref();
  server.once('close', () => clearInterval(sweeping));
};

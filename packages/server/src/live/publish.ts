import { chmodSync, readdirSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { resolve } from 'node:path';
import type { Clock } from '../clock.ts';
import type { Emit, LogEvent } from '../log-event.ts';

/** The log events of this process, for other processes that follow them. */
export type LiveEvents = {
  /** Does nothing while there is no follower. */
  readonly publish: Emit;
  close(): Promise<void>;
};

/** What a follower gets besides events: that it is attached, and how many events were dropped because it was too slow. */
export type LiveNotice =
  | { readonly event: 'live_events.attached' }
  | { readonly event: 'live_events.dropped'; readonly dropped: number };

/** The names of server sockets in a data directory: `events-<pid>.sock`, with a number for further ones of the same pid. */
export const LIVE_SOCKET = /^events-\d+(?:-\d)?\.sock$/;

/** The longest path of a Unix socket, without the final zero byte. */
const PATH_MAX_BYTES = 107;
const FOLLOWERS_MAX = 16;
/** How much may wait for a slow follower; further events are dropped. */
const WAITING_MAX_BYTES = 1_048_576;
/** Processes of different containers may have the same pid and share a data directory. */
const NAMES_MAX = 9;

/**
 * Opens the socket in the data directory on which the events of this process can be followed, and removes the sockets of dead
 * processes. Only the owner may connect. Throws if the path is too long or the directory cannot be written.
 */
export const openLiveEvents = async (
  directory: string,
  { pid, clock }: { readonly pid: number; readonly clock: Clock },
): Promise<LiveEvents> => {
  const followers = new Map<Socket, { dropped: number }>();
  const write = (follower: Socket, event: LogEvent | LiveNotice): void => {
    follower.write(`${JSON.stringify({ at: new Date(clock()).toISOString(), pid, ...event })}\n`);
  };
  const server = createServer((socket) => {
    if (followers.size >= FOLLOWERS_MAX) return void socket.destroy();
    followers.set(socket, { dropped: 0 });
    // What a follower sends is ignored; it is read so that its end is noticed.
    socket
      .resume()
      .on('error', () => {})
      .on('close', () => followers.delete(socket));
    write(socket, { event: 'live_events.attached' });
  });
  await removeDeadSockets(directory);
  await listenInside(server, directory, pid);
  // The socket must not keep the process alive.
  server.on('error', () => {}).unref();
  return {
    publish(event) {
      if (followers.size === 0) return;
      for (const [follower, state] of followers) {
        if (follower.writableLength > WAITING_MAX_BYTES) {
          state.dropped++;
          continue;
        }
        if (state.dropped > 0) write(follower, { event: 'live_events.dropped', dropped: state.dropped });
        state.dropped = 0;
        write(follower, event);
      }
    },
    close: () =>
      new Promise((closed) => {
        server.close(() => closed());
        for (const follower of followers.keys()) follower.end(() => follower.destroy());
        // A follower that does not read is not waited for.
        setImmediate(() => {
          for (const follower of followers.keys()) if (follower.writableLength > 0) follower.destroy();
        });
      }),
  };
};

const listenInside = async (server: Server, directory: string, pid: number): Promise<void> => {
  for (let count = 1; ; count++) {
    const path = resolve(directory, `events-${pid}${count === 1 ? '' : `-${count}`}.sock`);
    if (Buffer.byteLength(path) > PATH_MAX_BYTES)
      throw new Error(`the path of the socket is longer than ${PATH_MAX_BYTES} bytes: ${path}`);
    try {
      await new Promise<void>((listening, failed) => {
        server.once('error', failed).listen(path, () => {
          server.off('error', failed);
          listening();
        });
      });
      return chmodSync(path, 0o600);
    } catch (error) {
      const isTaken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
      if (!isTaken || count === NAMES_MAX) throw error;
    }
  }
};

/** Tries to connect to each, because a pid says nothing about processes in other containers. */
const removeDeadSockets = async (directory: string): Promise<void> => {
  const sockets = readdirSync(directory, { withFileTypes: true }).filter(
    (entry) => entry.isSocket() && LIVE_SOCKET.test(entry.name),
  );
  await Promise.all(
    sockets.map(async ({ name }) => {
      const path = resolve(directory, name);
      if (await isRefused(path)) rmSync(path, { force: true });
    }),
  );
};

const isRefused = async (path: string): Promise<boolean> =>
  new Promise((answer) => {
    const socket = connect(path);
    const decide = (isDead: boolean): void => {
      socket.destroy();
      answer(isDead);
    };
    socket
      .once('connect', () => decide(false))
      .once('error', (error: Error & { code?: string }) => decide(error.code === 'ECONNREFUSED'));
  });

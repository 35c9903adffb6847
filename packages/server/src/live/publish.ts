import { chmodSync, readdirSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { resolve } from 'node:path';
import type { Clock } from '../clock.ts';
import type { Emit, LogEvent } from '../log-event.ts';

/** Events of this process for whoever follows them. */
export type LiveEvents = {
  /** Costs nothing while nobody follows. */
  readonly publish: Emit;
  close(): Promise<void>;
};

/** What is written to followers besides events: that one is attached, and how many events it was too slow for. */
export type LiveNotice =
  | { readonly event: 'live_events.attached' }
  | { readonly event: 'live_events.dropped'; readonly dropped: number };

/** Sockets by this name in a data directory belong to servers: `events-<pid>.sock`, or one more of the same pid. */
export const LIVE_SOCKET = /^events-\d+(?:-\d)?\.sock$/;

/** What the address of a unix socket holds, its final zero not counted. */
const PATH_MAX_BYTES = 107;
const FOLLOWERS_MAX = 16;
/** How much may wait for a follower that reads slowly; what comes then is dropped for it. */
const WAITING_MAX_BYTES = 1_048_576;
/** Processes of different containers may have the same pid, and one data directory. */
const NAMES_MAX = 9;

/**
 * Opens the socket in the data directory on which this process's events are followed, for its owner only, and removes
 * those of dead processes. Throws where there can be none: the path is too long, the directory cannot be written.
 */
export const openLiveEvents = async (
  directory: string,
  { pid, clock }: { readonly pid: number; readonly clock: Clock },
): Promise<LiveEvents> => {
  const followers = new Map<Socket, { dropped: number }>();
  const write = (follower: Socket, told: LogEvent | LiveNotice): void => {
    follower.write(`${JSON.stringify({ at: new Date(clock()).toISOString(), pid, ...told })}\n`);
  };
  const server = createServer((socket) => {
    if (followers.size >= FOLLOWERS_MAX) return void socket.destroy();
    followers.set(socket, { dropped: 0 });
    // What a follower sends means nothing; it is read so that its end is seen.
    socket
      .resume()
      .on('error', () => {})
      .on('close', () => followers.delete(socket));
    write(socket, { event: 'live_events.attached' });
  });
  await removeDeadSockets(directory);
  await listenInside(server, directory, pid);
  // Following is never a reason to go on living.
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
        // One that does not read what it is owed is not waited for.
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

/** Asked by connecting, because a pid tells nothing of a process in another container. */
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

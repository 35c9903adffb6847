import { readdirSync } from 'node:fs';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { join, relative } from 'node:path';
import { createInterface } from 'node:readline';
import type { LogEvent } from '../log-event.ts';
import { LIVE_SOCKET } from './publish.ts';
import type { LiveNotice } from './publish.ts';

/** An event as a server process writes it to its followers. */
export type LiveEvent = (LogEvent | LiveNotice) & { readonly at: string; readonly pid: number };

/** The followed servers of a data directory. */
export type Following = {
  /** Attaches to servers that have started since, and resolves when that is done. */
  lookAgain(): Promise<void>;
  /** The number of attached servers. */
  count(): number;
  close(): void;
};

const ignore = (): void => {};

/** Follows every server on a data directory. Servers may start and stop; there may be none. */
export const followServers = (directory: string, onEvent: (event: LiveEvent) => void): Following => {
  const attached = new Map<string, Socket>();

  const attach = async (name: string): Promise<void> => {
    const socket = connect(shorterOf(join(directory, name)));
    attached.set(name, socket);
    createInterface({ input: socket })
      .on('line', (line) => {
        const event = parse(line);
        if (event !== undefined) onEvent(event);
      })
      // It repeats the errors of its socket, which are handled below.
      .on('error', ignore);
    await new Promise<void>((tried) => {
      socket
        .on('connect', tried)
        // The socket belongs to a dead process; the next server removes it.
        .on('error', () => tried())
        .on('close', () => attached.delete(name));
    });
  };

  return {
    async lookAgain() {
      const names = readdirSync(directory).filter((name) => LIVE_SOCKET.test(name) && !attached.has(name));
      await Promise.all(names.map(attach));
    },
    count: () => [...attached.values()].filter(({ readyState }) => readyState === 'open').length,
    close() {
      for (const socket of attached.values()) socket.destroy();
    },
  };
};

/** The path of a socket must be short: the relative path is used where it is shorter. */
const shorterOf = (path: string): string => {
  const fromHere = relative(process.cwd(), path);
  return fromHere.length < path.length ? fromHere : path;
};

const parse = (line: string): LiveEvent | undefined => {
  try {
    return JSON.parse(line) as LiveEvent;
  } catch {
    // The last line of a process that died while writing it.
    return undefined;
  }
};

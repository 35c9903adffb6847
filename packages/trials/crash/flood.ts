import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import type { Socket } from 'node:net';

/** 96 KiB: more than one read of a server takes. */
const REQUESTS_PER_CONNECTION = 2600;
const REQUEST = 'GET / HTTP/1.1\r\nHost: fob.example\r\n\r\n';

/** Clients that send thousands of requests at once and never read an answer. */
export const startFlood = (url: string, connections: number): { stop(): void } => {
  const { hostname, port } = new URL(url);
  const bytes = Buffer.from(REQUEST.repeat(REQUESTS_PER_CONNECTION));
  const sockets = Array.from({ length: connections }, (): Socket => {
    const socket = connect(Number(port), hostname).on('error', () => {});
    socket.write(bytes);
    return socket.pause();
  });
  return {
    stop() {
      for (const socket of sockets) socket.destroy();
    },
  };
};

/** The largest resident memory of a process so far, in MiB, or `undefined` where the system has no `/proc`. */
export const readPeakMemoryMb = (pid: number): number | undefined => {
  try {
    const kilobytes = /^VmHWM:\s+(?<kilobytes>\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    return Math.round(Number(kilobytes?.groups?.['kilobytes']) / 1024);
  } catch {
    return undefined;
  }
};

import { closeSync, constants, fstatSync, openSync, writeSync } from 'node:fs';
import { Socket } from 'node:net';
import type { Writable } from 'node:stream';
import { isatty } from 'node:tty';

/** Lines to standard output or standard error that never wait for a reader. */
export type LineOutput = {
  /** Writes a line, or drops it. Never waits and never throws. */
  write(line: string): void;
  /** How many lines were written, and how many were dropped. */
  readonly counts: () => { readonly written: number; readonly dropped: number };
};

/** How much may wait for a slow reader; further lines are dropped. */
const WAITING_MAX_BYTES = 262_144;

/** Where lines go. `done` is called with whether the line was written. */
type Target = {
  readonly waitingBytes: () => number;
  write(line: string, done: (isWritten: boolean) => void): void;
};

/**
 * Opens standard output (1) or standard error (2). A reader that stops reading (a full pipe, a stopped terminal) costs lines
 * and nothing else: lines wait in memory up to a limit, and are dropped above it. The same holds for a reader that went away
 * and for a full disk. `onRecovered` gets the number of lines that were dropped, as soon as lines are written again.
 *
 * Lines that still wait keep the process alive.
 */
export const openLineOutput = (
  fd: 1 | 2,
  onRecovered: (droppedLines: number) => void = () => {},
): LineOutput => {
  let target: Target | undefined;
  let written = 0;
  let dropped = 0;
  let droppedSinceReport = 0;
  const reopen = (): Target | undefined => (target ??= openTarget(fd, () => (target = undefined)));
  const drop = (): void => {
    dropped++;
    droppedSinceReport++;
  };
  const noteWritten = (): void => {
    written++;
    if (droppedSinceReport === 0 || (target?.waitingBytes() ?? 0) > WAITING_MAX_BYTES / 2) return;
    const lines = droppedSinceReport;
    droppedSinceReport = 0;
    onRecovered(lines);
  };
  reopen();
  return {
    write(line) {
      const current = reopen();
      // After a line was dropped, half must be free again, so that a slow reader gets few gaps, and long ones.
      const limit = droppedSinceReport === 0 ? WAITING_MAX_BYTES : WAITING_MAX_BYTES / 2;
      if (current === undefined || current.waitingBytes() >= limit) drop();
      else current.write(line, (isWritten) => (isWritten ? noteWritten() : drop()));
    },
    counts: () => ({ written, dropped }),
  };
};

/** `undefined` if nobody reads at the moment. `onClosed` is called when the target is of no use any more. */
const openTarget = (fd: 1 | 2, onClosed: () => void): Target | undefined => {
  if (isatty(fd)) return streamTarget(withoutWaiting(standardStream(fd)));
  const status = fstatSync(fd);
  if (status.isFIFO()) {
    const own = openOwn(fd);
    if (own === 'nobody_reads') return undefined;
    if (own !== undefined) return streamTarget(own.once('error', onClosed));
  }
  return status.isFIFO() || status.isSocket() ? streamTarget(standardStream(fd)) : fileTarget(fd);
};

/** Node writes to pipes and sockets without waiting. */
const standardStream = (fd: 1 | 2): Writable => (fd === 1 ? process.stdout : process.stderr);

/**
 * Node waits for terminals. Its handle can be set to not wait, which no public function does.
 * @see https://github.com/nodejs/node/issues/1771
 */
const withoutWaiting = (stream: Writable): Writable => {
  const { _handle: handle } = stream as { _handle?: { setBlocking?: (isBlocking: boolean) => number } };
  handle?.setBlocking?.(false);
  return stream;
};

/**
 * Opens a pipe a second time, as Linux allows. Whether a write waits is a property of the open pipe and not of the process:
 * another program with the same standard error could change it for both. A named pipe works again when a new reader comes.
 * `undefined` where the system cannot do this, or the user may not.
 */
const openOwn = (fd: 1 | 2): Socket | 'nobody_reads' | undefined => {
  let own: number | undefined;
  try {
    own = openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK);
    return new Socket({ fd: own, readable: false, writable: true });
  } catch (error) {
    if (own !== undefined) closeSync(own);
    return error instanceof Error && 'code' in error && error.code === 'ENXIO' ? 'nobody_reads' : undefined;
  }
};

const streamTarget = (stream: Writable): Target => {
  stream.on('error', () => {});
  return {
    waitingBytes: () => stream.writableLength,
    write: (line, done) => void stream.write(line, (error) => done(error === null || error === undefined)),
  };
};

/** A file or a device. A disk that fills in the middle of a line leaves a part of it, which the next line ends. */
const fileTarget = (fd: 1 | 2): Target => {
  let isTorn = false;
  return {
    waitingBytes: () => 0,
    write(line, done) {
      const bytes = Buffer.from(isTorn ? `\n${line}` : line);
      let at = 0;
      try {
        while (at < bytes.length) at += writeSync(fd, bytes, at);
        isTorn = false;
        done(true);
      } catch {
        isTorn ||= at > 0;
        done(false);
      }
    },
  };
};

import { spawnSync } from 'node:child_process';
import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** A full pipe as standard output: a program that prints waits there, and does nothing of what it would do afterwards. */
export type BlockedOutput = { readonly fd: number; close(): void };

const FILLING = Buffer.alloc(4096, '\n');

/**
 * Opens a full pipe in a folder. Between a program's print and its next step there are microseconds, too few for a signal to meet;
 * a full pipe makes them as long as we like. Returns `undefined` where the system has no named pipes.
 */
export const openBlockedOutput = (folder: string): BlockedOutput | undefined => {
  const path = join(folder, `output-${process.hrtime.bigint()}`);
  if (spawnSync('mkfifo', ['-m', '600', path]).status !== 0) return undefined;
  // Opened twice: whether a writer waits belongs to the open pipe, and the command's end must wait.
  const filler = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  const fd = openSync(path, constants.O_WRONLY);
  fill(filler, FILLING);
  fill(filler, FILLING.subarray(0, 1));
  return {
    fd,
    close() {
      closeSync(fd);
      closeSync(filler);
    },
  };
};

const fill = (fd: number, bytes: Uint8Array): void => {
  try {
    for (;;) writeSync(fd, bytes);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) throw error;
  }
};

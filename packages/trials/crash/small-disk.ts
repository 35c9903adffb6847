import { closeSync, openSync, writeSync } from 'node:fs';
import { makeDataDirectory, removeDataDirectory } from '../support/keyfob-process.ts';
import { runProgram } from './system-program.ts';
import type { Skipped } from '../support/skipped.ts';

const MIB = 1024 * 1024;

/** Mounts a new file system that is small enough to fill up. */
export const mountSmallDisk = (mib: number): { readonly path: string; unmount(): void } | Skipped => {
  const path = makeDataDirectory();
  try {
    runProgram('mount', '-t', 'tmpfs', '-o', `size=${mib}m`, 'tmpfs', path);
  } catch {
    removeDataDirectory(path);
    return { skipped: 'a small disk cannot be mounted: this needs root and tmpfs' };
  }
  return {
    path,
    unmount() {
      runProgram('umount', path);
      removeDataDirectory(path);
    },
  };
};

/** Writes a file until no byte is free on the disk. */
export const fill = (path: string): void => {
  const file = openSync(path, 'w');
  try {
    for (let bytes = MIB; bytes >= 1; bytes = Math.floor(bytes / 2)) {
      try {
        for (;;) if (writeSync(file, Buffer.alloc(bytes)) < bytes) break;
      } catch (error) {
        if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error;
      }
    }
  } finally {
    closeSync(file);
  }
};

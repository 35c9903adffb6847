import { extname } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { Worker } from 'node:worker_threads';

/** Source or compiled, as this file is. */
const THREAD = new URL(`checkpoint-thread${extname(import.meta.url)}`, import.meta.url);

/** Units of work between two checkpoints: each writes about one page to the log. */
const WORK_PER_CHECKPOINT = 1000;
/** At 16 MiB of log, SQLite does it itself after a commit: the thread is too slow, or gone. */
const LOG_MAX_PAGES = 4000;
/** A log that somebody's long read has made larger is cut to this size when it starts again. */
const LOG_KEPT_BYTES = 32 * 1024 * 1024;

/** Moves the pages of the log into the database from time to time, on a thread of its own, while writing continues. */
export type Checkpoints = {
  /** A commit with so many units of work is done. */
  noteCommit(units: number): void;
  /** Resolves when no checkpoint runs, and none will start. */
  stop(): Promise<void>;
};

/**
 * Whether one connection may checkpoint while another writes. Before SQLite 3.51.3 (and 3.50.7) that could lose a
 * commit. https://www.sqlite.org/wal.html#the_wal_reset_bug
 */
export const isWalResetFixed = (version: string): boolean => {
  const [major = 0, minor = 0, patch = 0] = version.split('.').map(Number);
  if (major !== 3 || minor > 51) return major >= 3;
  return (minor === 51 && patch >= 3) || (minor === 50 && patch >= 7);
};

/** The checkpoints of an open database. The first one that is due starts the thread, so commands never have one. */
export const createCheckpoints = (database: DatabaseSync, path: string): Checkpoints => {
  database.exec(
    `PRAGMA wal_autocheckpoint = ${LOG_MAX_PAGES}; PRAGMA journal_size_limit = ${LOG_KEPT_BYTES}`,
  );
  let worker: Worker | undefined;
  let isRunning = false;
  let isGone = !isWalResetFixed(process.versions['sqlite'] ?? '');
  let sinceLast = 0;

  const start = (): Worker => {
    const thread = new Worker(THREAD, { workerData: path });
    thread.unref();
    thread.on('message', () => (isRunning = false));
    // Nothing is lost without it: SQLite does the checkpoint itself, later.
    thread.on('error', () => (isGone = true));
    return thread;
  };

  return {
    noteCommit(units) {
      sinceLast += units;
      if (sinceLast < WORK_PER_CHECKPOINT || isRunning || isGone) return;
      sinceLast = 0;
      try {
        worker ??= start();
        isRunning = true;
        // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
        worker.postMessage('checkpoint');
      } catch {
        // No thread can be started (a limit, a permission): SQLite does it itself.
        isGone = true;
      }
    },
    async stop() {
      isGone = true;
      await worker?.terminate();
    },
  };
};

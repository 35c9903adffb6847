import { extname } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { Worker } from 'node:worker_threads';

/** Source or compiled, as this file is. */
const THREAD = new URL(`checkpoint-thread${extname(import.meta.url)}`, import.meta.url);

/** Commits' pieces of work between two checkpoints: each writes about one page to the log. */
const WORK_A_CHECKPOINT = 1000;
/** Where the thread does not keep up, or is gone, SQLite does it itself after a commit: a log of 16 MiB. */
const LOG_MAX_PAGES = 4000;

/** Brings the log's pages into the database from time to time, on a thread of its own: writing goes on meanwhile. */
export type Checkpoints = {
  /** Told how many pieces of work a commit held. */
  noteCommit(pieces: number): void;
  /** Resolves when no checkpoint runs and none will. */
  stop(): Promise<void>;
};

/**
 * Whether this SQLite may have its log brought in by one connection while another writes. Before 3.51.3 (and 3.50.7)
 * that could lose a commit. https://www.sqlite.org/wal.html#the_wal_reset_bug
 */
export const isWalResetFixed = (version: string): boolean => {
  const [major = 0, minor = 0, patch = 0] = version.split('.').map(Number);
  if (major !== 3 || minor > 51) return major >= 3;
  return (minor === 51 && patch >= 3) || (minor === 50 && patch >= 7);
};

/** The checkpoints of an open database. The thread is started by the first that is due, so that commands never have one. */
export const createCheckpoints = (database: DatabaseSync, path: string): Checkpoints => {
  database.exec(`PRAGMA wal_autocheckpoint = ${LOG_MAX_PAGES}`);
  let worker: Worker | undefined;
  let isRunning = false;
  let isGone = !isWalResetFixed(process.versions['sqlite'] ?? '');
  let sinceLast = 0;

  const start = (): Worker => {
    const thread = new Worker(THREAD, { workerData: path });
    thread.unref();
    thread.on('message', () => (isRunning = false));
    // Nothing is lost without it: the log is brought in by SQLite itself, later.
    thread.on('error', () => (isGone = true));
    return thread;
  };

  return {
    noteCommit(pieces) {
      sinceLast += pieces;
      if (sinceLast < WORK_A_CHECKPOINT || isRunning || isGone) return;
      sinceLast = 0;
      try {
        worker ??= start();
        isRunning = true;
        // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
        worker.postMessage('checkpoint');
      } catch {
        // No thread is to be had: a limit on them, a permission. SQLite does it itself.
        isGone = true;
      }
    },
    async stop() {
      isGone = true;
      await worker?.terminate();
    },
  };
};

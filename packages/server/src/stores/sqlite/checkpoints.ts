import { extname } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { Worker } from 'node:worker_threads';

/** Source or compiled, as this file is. */
const THREAD = new URL(`checkpoint-thread${extname(import.meta.url)}`, import.meta.url);

/** Units of work after which the log is measured: each writes at most about one page to it. */
const WORK_PER_LOOK = 1000;
/** Pages in the log from which on a checkpoint is due. Units that share pages fill it more slowly. */
const PAGES_PER_CHECKPOINT = 500;
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

const VERSION = process.versions['sqlite'] ?? '';

/**
 * Counts the pages in the log that are not in the database yet. SQLite 3.50 does not know NOOP, and would do the checkpoint: there,
 * as many count as there can be.
 */
const preparePageCount = (database: DatabaseSync): (() => number) => {
  if (VERSION.startsWith('3.50.')) return () => Infinity;
  const count = database.prepare('PRAGMA wal_checkpoint(NOOP)');
  return () => {
    const { log, checkpointed } = count.get() ?? {};
    return Number(log) - Number(checkpointed);
  };
};

/** The checkpoints of an open database. The first one that is due starts the thread, so commands never have one. */
export const createCheckpoints = (database: DatabaseSync, path: string): Checkpoints => {
  database.exec(
    `PRAGMA wal_autocheckpoint = ${LOG_MAX_PAGES}; PRAGMA journal_size_limit = ${LOG_KEPT_BYTES}`,
  );
  let worker: Worker | undefined;
  let isRunning = false;
  let isGone = !isWalResetFixed(VERSION);
  let sinceLast = 0;
  let countPages: (() => number) | undefined;

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
      if (sinceLast < WORK_PER_LOOK || isRunning || isGone) return;
      sinceLast = 0;
      try {
        countPages ??= preparePageCount(database);
        if (countPages() < PAGES_PER_CHECKPOINT) return;
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

import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

/** Commits' pieces of work between two checkpoints: each writes about one page to the log. */
const WORK_A_CHECKPOINT = 1000;
/** A pass, and one over what was written meanwhile: often that leaves the log empty, and it begins anew. */
const PASSES_MAX = 2;
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
export const isWalResetMended = (version: string): boolean => {
  const [major = 0, minor = 0, patch = 0] = version.split('.').map(Number);
  if (major !== 3 || minor > 51) return major >= 3;
  return (minor === 51 && patch >= 3) || (minor === 50 && patch >= 7);
};

/** The checkpoints of an open database. The thread is started by the first that is due, so that commands never have one. */
export const createCheckpoints = (database: DatabaseSync, path: string): Checkpoints => {
  database.exec(`PRAGMA wal_autocheckpoint = ${LOG_MAX_PAGES}`);
  let worker: Worker | undefined;
  let isRunning = false;
  let isGone = !isWalResetMended(process.versions['sqlite'] ?? '');
  let sinceLast = 0;

  const start = (): Worker => {
    const thread = new Worker(new URL(import.meta.url), { workerData: { checkpointsOf: path } });
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

/** One checkpoint: passive, so that it waits for nobody and nobody for it. */
const checkpoint = (path: string): void => {
  let database: DatabaseSync | undefined;
  try {
    const url = pathToFileURL(path);
    // Never makes the file: it is the store's to make, with its mode.
    url.searchParams.set('mode', 'rw');
    database = new DatabaseSync(url, { timeout: 0 });
    const pass = database.prepare('PRAGMA wal_checkpoint(PASSIVE)');
    for (let passes = 0; passes < PASSES_MAX; passes++) {
      const { log, checkpointed } = pass.get() ?? {};
      if (log === checkpointed) return;
    }
  } catch {
    // The disk is full or failing: the commits will say so, and the next checkpoint tries again.
  } finally {
    if (database?.isOpen === true) database.close();
  }
};

const { checkpointsOf } = (workerData ?? {}) as { checkpointsOf?: string };
if (!isMainThread && checkpointsOf !== undefined) {
  parentPort?.on('message', () => {
    checkpoint(checkpointsOf);
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
    parentPort?.postMessage('done');
  });
}

import { DatabaseSync } from 'node:sqlite';
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

/** The checkpoints of an open database. The thread is started by the first that is due, so that commands never have one. */
export const createCheckpoints = (database: DatabaseSync, path: string): Checkpoints => {
  database.exec(`PRAGMA wal_autocheckpoint = ${LOG_MAX_PAGES}`);
  let worker: Worker | undefined;
  let isRunning = false;
  let isGone = false;
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
      isRunning = true;
      worker ??= start();
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
      worker.postMessage('checkpoint');
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
    database = new DatabaseSync(path, { timeout: 0 });
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

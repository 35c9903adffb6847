import type { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { parentPort, workerData } from 'node:worker_threads';
import { connect } from './connect.ts';

/** A second pass takes what was written during the first: often the log is then empty, and starts again. */
const PASSES_MAX = 2;

/** One checkpoint: passive, so that neither it nor a writer waits for the other. */
const checkpoint = (path: string): void => {
  let database: DatabaseSync | undefined;
  try {
    const url = pathToFileURL(path);
    // Never creates the file: the store does, with the right mode.
    url.searchParams.set('mode', 'rw');
    database = connect(url, { timeout: 0 });
    const pass = database.prepare('PRAGMA wal_checkpoint(PASSIVE)');
    for (let passes = 0; passes < PASSES_MAX; passes++) {
      const { log, checkpointed } = pass.get() ?? {};
      if (log === checkpointed) return;
    }
  } catch {
    // The disk is full or fails: the commits report it, and the next checkpoint tries again.
  } finally {
    if (database?.isOpen === true) database.close();
  }
};

parentPort?.on('message', () => {
  checkpoint(workerData as string);
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
  parentPort?.postMessage('done');
});

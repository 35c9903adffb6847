import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { parentPort, workerData } from 'node:worker_threads';

/** A pass, and one over what was written meanwhile: often that leaves the log empty, and it begins anew. */
const PASSES_MAX = 2;

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

parentPort?.on('message', () => {
  checkpoint(workerData as string);
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
  parentPort?.postMessage('done');
});

import type { DatabaseSync } from 'node:sqlite';
import type { Millis } from '../../time.ts';
import { gone, isBusy, isDiskFailure, toStoreError } from './errors.ts';

/** Runs units of work, each atomic, and on disk when its promise resolves. */
export type Commits = {
  run<Result>(work: () => Result): Promise<Result>;
  /** Reads outside any transaction of its own. */
  read<Result>(work: () => Result): Promise<Result>;
  /** Resolves when no work waits. */
  settle(): Promise<void>;
};

type Waiting = {
  readonly work: () => unknown;
  readonly sinceMs: Millis;
  readonly resolve: (result: never) => void;
  readonly reject: (error: Error) => void;
};

const LOCK_RETRY_MS = 5;
const BATCH_MAX = 500;

/**
 * Group commit: all work that waits at the end of a turn of the event loop shares one transaction and one sync to disk.
 * Work is synchronous, so nothing comes between a check and its act. While another process writes, the batch waits
 * without blocking this one, for at most `lockTimeoutMs`. Where the file is not at its path any more, nothing is written. A database in memory has nothing to sync: its work runs at once.
 */
export const createCommits = (
  database: DatabaseSync,
  options: { readonly lockTimeoutMs: Millis; readonly isInMemory: boolean; isInPlace(): boolean },
): Commits => {
  const begin = database.prepare('BEGIN IMMEDIATE');
  const commit = database.prepare('COMMIT');
  let waiting: Waiting[] = [];
  let isScheduled = false;
  const settled: (() => void)[] = [];

  const flush = (): void => {
    isScheduled = false;
    const batch = waiting.splice(0, BATCH_MAX);
    const [oldest] = batch;
    if (oldest === undefined) return finishSettling();
    try {
      // What is written to a file that was deleted ends with this process.
      if (!options.isInPlace()) throw gone();
      begin.run();
    } catch (error) {
      if (isBusy(error) && performance.now() - oldest.sinceMs < options.lockTimeoutMs) {
        waiting = [...batch, ...waiting];
        isScheduled = true;
        setTimeout(flush, LOCK_RETRY_MS);
        return;
      }
      for (const { reject } of batch) reject(toStoreError(error));
      return schedule();
    }
    commitBatch(batch);
    schedule();
  };

  const schedule = (): void => {
    if (waiting.length === 0) return finishSettling();
    if (isScheduled) return;
    isScheduled = true;
    setImmediate(flush);
  };

  const finishSettling = (): void => {
    for (const resolve of settled.splice(0)) resolve();
  };

  /** The transaction has begun. One unit that fails must not fail the others: then each gets its own. */
  const commitBatch = (batch: readonly Waiting[]): void => {
    const results: unknown[] = [];
    let isCommitting = false;
    try {
      for (const { work } of batch) results.push(work());
      isCommitting = true;
      commit.run();
    } catch (error) {
      if (database.isTransaction) database.exec('ROLLBACK');
      if (!isCommitting && batch.length > 1) return commitOneByOne(batch);
      const kind = isCommitting && isDiskFailure(error) ? 'outcome_unknown' : 'unavailable';
      for (const { reject } of batch) reject(toStoreError(error, kind));
      return;
    }
    batch.forEach(({ resolve }, index) => resolve(results[index] as never));
  };

  const commitOneByOne = (batch: readonly Waiting[]): void => {
    for (const one of batch) {
      try {
        begin.run();
      } catch (error) {
        one.reject(toStoreError(error));
        continue;
      }
      commitBatch([one]);
    }
  };

  return {
    run: (work) =>
      new Promise((resolve, reject) => {
        waiting.push({ work, sinceMs: performance.now(), resolve, reject });
        if (options.isInMemory) flush();
        else schedule();
      }),
    async read(work) {
      try {
        return work();
      } catch (error) {
        throw toStoreError(error);
      }
    },
    settle: () =>
      new Promise((resolve) => {
        settled.push(resolve);
        schedule();
      }),
  };
};

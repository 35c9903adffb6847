import type { DatabaseSync } from 'node:sqlite';
import { isBusy, isDiskFailure, toStoreError } from './errors.ts';

/** Runs pieces of work on the database, each atomic and on disk when its promise resolves. */
export type GroupCommit = {
  run<Result>(work: () => Result): Promise<Result>;
  /** Resolves when everything handed in has been decided. */
  settle(): Promise<void>;
};

type Waiting = {
  readonly work: () => unknown;
  readonly since: number;
  readonly resolve: (result: never) => void;
  readonly reject: (error: Error) => void;
};

const LOCK_RETRY_MS = 5;

/** Work waits for no more of it once so much has come, or so much time has passed. */
const BATCH_ENOUGH = 512;
const BATCH_WAIT_MAX_MS = 5;

/**
 * Group commit: all work waiting at one moment shares a transaction and its one sync to disk. The moment is when a turn
 * of the event loop has brought nothing more, so a burst shares one commit and work alone waits for nobody. Work is
 * synchronous, so nothing can come between a check and its act. While another process (a `keyfob` command) writes,
 * the batch waits without blocking, `lockTimeoutMs` at the most.
 */
export const createGroupCommit = (
  database: DatabaseSync,
  options: {
    readonly lockTimeoutMs: number;
    /** Called when a batch is on disk, with how much work it held. */
    readonly onCommit: (pieces: number) => void;
    /** Called when a transaction has begun: from now on nobody else commits. */
    readonly onBegin: () => void;
    /** Called when a batch was undone: what was read in it may never have been. */
    readonly onRollback: () => void;
  },
): GroupCommit => {
  const begin = database.prepare('BEGIN IMMEDIATE');
  const commit = database.prepare('COMMIT');
  const { user_version: schema } = database.prepare('PRAGMA user_version').get() ?? {};
  const rewriteHeader = database.prepare(`PRAGMA user_version = ${Number(schema)}`);
  let waiting: Waiting[] = [];
  let lastLength = 0;
  let scheduled = false;
  let settled: (() => void)[] = [];

  const schedule = (delayMs: number): void => {
    if (scheduled) return;
    scheduled = true;
    if (delayMs === 0) setImmediate(flush);
    else setTimeout(flush, delayMs);
  };

  const isStillGrowing = (): boolean => {
    const before = lastLength;
    lastLength = waiting.length;
    return (
      waiting.length > before &&
      waiting.length < BATCH_ENOUGH &&
      performance.now() - (waiting[0]?.since ?? 0) < BATCH_WAIT_MAX_MS
    );
  };

  const flush = (): void => {
    if (isStillGrowing()) return void setImmediate(flush);
    lastLength = 0;
    scheduled = false;
    const batch = waiting;
    waiting = [];
    try {
      begin.run();
    } catch (error) {
      if (
        isBusy(error) &&
        batch[0] !== undefined &&
        performance.now() - batch[0].since < options.lockTimeoutMs
      ) {
        waiting = batch;
        return schedule(LOCK_RETRY_MS);
      }
      rejectAll(batch, toStoreError(error));
      return tellSettled();
    }
    commitBatch(batch);
    tellSettled();
  };

  const commitBatch = (batch: readonly Waiting[]): void => {
    const results: unknown[] = [];
    let isCommit = false;
    options.onBegin();
    try {
      for (const { work } of batch) results.push(work());
      isCommit = true;
      commit.run();
    } catch (error) {
      if (database.isTransaction) database.exec('ROLLBACK');
      options.onRollback();
      if (!isCommit && batch.length > 1) return commitOneByOne(batch);
      const isUndone = !isCommit || !isDiskFailure(error) || overwriteLog();
      return rejectAll(batch, toStoreError(error, isUndone ? 'unavailable' : 'outcome_unknown'));
    }
    batch.forEach(({ resolve }, index) => resolve(results[index] as never));
    options.onCommit(batch.length);
  };

  /** Work that cannot be done must not take its neighbours with it: each gets a transaction of its own. */
  const commitOneByOne = (batch: readonly Waiting[]): void => {
    for (const one of batch) {
      try {
        begin.run();
      } catch (error) {
        rejectAll([one], toStoreError(error));
        continue;
      }
      commitBatch([one]);
    }
  };

  /**
   * A commit whose sync failed may lie whole in the log, though SQLite has undone it: a crash would bring it back.
   * A commit of our own in its place makes the undoing good. Answers whether that succeeded.
   */
  const overwriteLog = (): boolean => {
    try {
      begin.run();
      rewriteHeader.run();
      commit.run();
      return true;
    } catch {
      if (database.isTransaction) database.exec('ROLLBACK');
      return false;
    }
  };

  const tellSettled = (): void => {
    if (scheduled || waiting.length > 0) return;
    for (const tell of settled) tell();
    settled = [];
  };

  return {
    run: (work) =>
      new Promise((resolve, reject) => {
        waiting.push({ work, since: performance.now(), resolve, reject });
        schedule(0);
      }),
    settle: () => (scheduled ? new Promise((resolve) => settled.push(resolve)) : Promise.resolve()),
  };
};

const rejectAll = (batch: readonly Waiting[], error: Error): void => {
  for (const { reject } of batch) reject(error);
};

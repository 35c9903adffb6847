import type { DatabaseSync } from 'node:sqlite';
import type { Millis } from '../../clock.ts';
import { give, later } from '../../eventual.ts';
import type { Eventual, Later, Waiter } from '../../eventual.ts';
import type { StoreFigures } from '../../grants/store.ts';
import { createCommitCounts } from '../commit-counts.ts';
import { isBusy, isDiskFailure, toStoreError } from './errors.ts';

/** Runs units of work on the database, each atomic and on disk when its promise resolves. */
export type GroupCommit = {
  /** `afterCommit` is called when the work is on disk; the promise resolves after it, and rejects if it fails. */
  run<Result>(work: () => Result, afterCommit?: AfterCommit<Result>): Promise<Result>;
  /** The same without a promise, for what every refresh does. It begins when it is awaited. */
  runLater<Result>(work: () => Result, afterCommit: AfterCommit<Result>): Later<Result>;
  /** Resolves when no work is waiting. */
  settle(): Promise<void>;
  /** How much was committed, and what waits. */
  figures(): StoreFigures;
};

type AfterCommit<Result> = (result: Result) => Eventual<void>;

type Waiting = Waiter<never> & {
  readonly work: () => unknown;
  readonly afterCommit: AfterCommit<never> | undefined;
};

const LOCK_RETRY_MS = 5;

/** A batch waits for no more work at this size or age. */
const BATCH_ENOUGH = 512;
const BATCH_WAIT_MAX_MS = 5;

/**
 * Group commit: all work waiting at one moment shares a transaction and its one sync to disk. The moment is when a turn
 * of the event loop has brought nothing more, so a burst shares one commit, and a single unit does not wait. Work is
 * synchronous, so nothing can come between a check and its act. While another process (a `keyfob` command) writes,
 * the batch waits without blocking, for at most `lockTimeoutMs`.
 */
export const createGroupCommit = (
  database: DatabaseSync,
  options: {
    readonly lockTimeoutMs: Millis;
    /** Called when a batch is on disk, with its number of units. */
    readonly onCommit: (units: number) => void;
    /** Called when a transaction has begun: from now on no other process commits. */
    readonly onBegin: () => void;
    /** Called when a batch was rolled back: what it read and wrote may not exist. */
    readonly onRollback: () => void;
  },
): GroupCommit => {
  const begin = database.prepare('BEGIN IMMEDIATE');
  const commit = database.prepare('COMMIT');
  const overwriteLog = createLogOverwrite(database);
  let waiting: Waiting[] = [];
  /** When the first of them came. */
  let waitingSince = 0;
  let lastLength = 0;
  let scheduled = false;
  let settled: (() => void)[] = [];
  const counts = createCommitCounts();

  const schedule = (delayMs: Millis): void => {
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
      performance.now() - waitingSince < BATCH_WAIT_MAX_MS
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
      if (isBusy(error) && performance.now() - waitingSince < options.lockTimeoutMs) {
        waiting = batch;
        return schedule(LOCK_RETRY_MS);
      }
      rejectAll(batch, toStoreError(error));
      return resolveSettled();
    }
    commitBatch(batch);
    resolveSettled();
  };

  const commitBatch = (batch: readonly Waiting[]): void => {
    const results: unknown[] = [];
    const beganAtMs = performance.now();
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
    counts.note(batch.length, beganAtMs);
    batch.forEach((one, index) => finish(one, results[index] as never));
    options.onCommit(batch.length);
  };

  /** One unit that fails must not fail the others: each gets a transaction of its own. */
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

  const resolveSettled = (): void => {
    if (scheduled || waiting.length > 0) return;
    for (const resolve of settled) resolve();
    settled = [];
  };

  const wait = (one: Waiting): void => {
    if (waiting.length === 0) waitingSince = performance.now();
    waiting.push(one);
    schedule(0);
  };

  return {
    run: (work, afterCommit) => new Promise((done, fail) => wait({ work, afterCommit, done, fail })),
    runLater: (work, afterCommit) => later((done, fail) => wait({ work, afterCommit, done, fail })),
    figures: () => counts.figures(waiting.length),
    settle: () => (scheduled ? new Promise((resolve) => settled.push(resolve)) : Promise.resolve()),
  };
};

/**
 * A commit whose sync failed may be complete in the log, although SQLite has rolled it back: a crash would bring it
 * back. Another commit overwrites it there. Answers whether that succeeded.
 */
const createLogOverwrite = (database: DatabaseSync): (() => boolean) => {
  const { user_version: schema } = database.prepare('PRAGMA user_version').get() ?? {};
  const rewriteHeader = database.prepare(`PRAGMA user_version = ${Number(schema)}`);
  return () => {
    try {
      database.exec('BEGIN IMMEDIATE');
      rewriteHeader.run();
      database.exec('COMMIT');
      return true;
    } catch {
      if (database.isTransaction) database.exec('ROLLBACK');
      return false;
    }
  };
};

/** What one unit does after the commit must not keep its neighbours from their results. */
const finish = (one: Waiting, result: never): void => {
  const { afterCommit, fail } = one;
  if (afterCommit === undefined) return give(result, one);
  try {
    give(afterCommit(result), { done: () => give(result, one), fail });
  } catch (error) {
    fail(error);
  }
};

const rejectAll = (batch: readonly Waiting[], error: Error): void => {
  for (const { fail } of batch) fail(error);
};

import { OperatorError, StoreError } from '../../errors.ts';

/** What SQLite's primary result codes mean to an operator. https://www.sqlite.org/rescode.html */
const FAILURES: Readonly<Record<number, { code: string; what: string; remedy: string }>> = {
  5: {
    code: 'store_locked',
    what: 'another process holds the store locked',
    remedy: 'Close the program that has locked it (a database browser, a copy in progress) and try again.',
  },
  8: {
    code: 'store_read_only',
    what: 'the store cannot be written',
    remedy:
      'Give the user that runs keyfob the right to write the data directory and the files in it, or remount the disk writable.',
  },
  10: {
    code: 'store_io_failed',
    what: 'the disk failed to read or write',
    remedy: 'Look for disk errors in the system log, then run "keyfob doctor".',
  },
  11: {
    code: 'store_damaged',
    what: 'the store is damaged',
    remedy:
      'Keep a copy of the data directory as it is, and restore the newest backup; clients continue with the tokens they hold.',
  },
  13: {
    code: 'store_disk_full',
    what: 'the disk is full',
    remedy: 'Free some space on the disk of the data directory; nothing was changed.',
  },
  14: {
    code: 'store_cannot_open',
    what: 'the store cannot be opened',
    remedy: 'Check that the data directory exists and that the user that runs keyfob may write it.',
  },
  26: {
    code: 'store_not_a_database',
    what: 'the file is not a SQLite database',
    remedy: 'Point --data to another directory, or move the file away; it was not touched.',
  },
};

/** SQLite has no code of its own for a missing table. In a store that was open, it means that the store has moved. */
const isTableMissing = (error: unknown): boolean =>
  resultCodeOf(error) === 1 && (error as Error).message.startsWith('no such table');

const LOCKED = 6;
const BUSY = 5;
const IO_FAILED = 10;

const resultCodeOf = (error: unknown): number | undefined => {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number')
    return undefined;
  const code = error.errcode & 0xff;
  return code === LOCKED ? BUSY : code;
};

export const isBusy = (error: unknown): boolean => resultCodeOf(error) === BUSY;

/** A failure of SQLite to open `path`, for the operator; any other error is returned as it is. */
export const toOperatorError = (error: unknown, path: string): unknown => {
  const code = resultCodeOf(error);
  if (code === undefined) return error;
  const failure = FAILURES[code] ?? {
    code: 'store_failed',
    what: `SQLite answered ${code} (${(error as Error).message})`,
    remedy: 'Run "keyfob doctor".',
  };
  return new OperatorError(failure.code, `${path}: ${failure.what}`, failure.remedy, { cause: error });
};

/** Whether the disk failed. At a commit, that may leave a complete record on disk, which a crash would bring back. */
export const isDiskFailure = (error: unknown): boolean => resultCodeOf(error) === IO_FAILED;

/** Node refuses work on a closed database. */
const isClosed = (error: Error): boolean => 'code' in error && error.code === 'ERR_INVALID_STATE';

/** A failure of SQLite while serving; any other error is a bug, and is returned as it is. */
export const toStoreError = (error: unknown, kind: StoreError['kind'] = 'unavailable'): Error => {
  const code = resultCodeOf(error);
  if (code === undefined && error instanceof Error && !isClosed(error)) return error;
  if (isTableMissing(error))
    return new StoreError(kind, 'a table is missing; the store may have moved: run "keyfob doctor"', {
      cause: error,
    });
  const what = (code === undefined ? undefined : FAILURES[code]?.what) ?? (error as Error).message;
  return new StoreError(kind, what, { cause: error });
};

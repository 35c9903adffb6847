import { KeeperError, StoreError } from '../../errors.ts';

/** SQLite's primary result codes that mean something to an operator. https://www.sqlite.org/rescode.html */
const BUSY = 5;
const LOCKED = 6;
const IO_FAILED = 10;
/** What a mistake of ours leads to: it is no failure of the store, and is not retried. */
const MISTAKES: ReadonlySet<number | undefined> = new Set([1, 19, 20, 21, 25]);
const FAILURES: Readonly<Record<number, readonly [string, string]>> = {
  [BUSY]: ['another process holds the store locked', 'Close the program that has locked it and try again.'],
  8: ['the store cannot be written', 'Give this user the right to write the file and its folder.'],
  [IO_FAILED]: ['the disk failed to read or write', 'Look for disk errors in the system log.'],
  11: ['the store is damaged', 'Keep a copy of the file as it is, and restore the newest backup.'],
  13: ['the disk is full', 'Free some space; nothing was changed.'],
  14: ['the store cannot be opened', 'Check that its folder exists and that this user may write it.'],
  26: ['the file is not a SQLite database', 'Name another file, or move this one away; it was not touched.'],
};

const codeOf = (error: unknown): number | undefined => {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number')
    return undefined;
  const code = error.errcode & 0xff;
  return code === LOCKED ? BUSY : code;
};

/** Whether another process is writing. */
export const isBusy = (error: unknown): boolean => codeOf(error) === BUSY;

/** Whether the disk failed: at a commit, the record may be complete on disk, and come back after a crash. */
export const isDiskFailure = (error: unknown): boolean => codeOf(error) === IO_FAILED;

/** A failure of SQLite to open a file, for the operator; any other error is returned as it is. */
export const toOpenError = (error: unknown, path: string): unknown => {
  const code = codeOf(error);
  if (code === undefined) return error;
  const [what, remedy] = FAILURES[code] ?? [
    `SQLite answered ${code}`,
    'Look up the code at sqlite.org/rescode.html.',
  ];
  return new KeeperError('store_failed', `${path}: ${what}`, remedy, { cause: error });
};

/** The file was deleted, or another one is at its path. */
export const gone = (): StoreError =>
  new StoreError('unavailable', 'the file of the store was deleted or replaced');

/** What Node says of work on a closed database. Its code for that also stands for mistakes in a call, which are bugs. */
const CLOSED = /^(?:database is not open|statement has been finalized)/;

/** A failure of SQLite while serving; any other error is a bug, and is returned as it is. */
export const toStoreError = (error: unknown, kind: StoreError['kind'] = 'unavailable'): Error => {
  if (error instanceof StoreError) return error;
  const code = codeOf(error);
  const isClosed = error instanceof Error && CLOSED.test(error.message);
  if (MISTAKES.has(code) || (code === undefined && !isClosed))
    return error instanceof Error ? error : new Error(String(error));
  const what =
    code === undefined ? 'the store is closed' : (FAILURES[code]?.[0] ?? `SQLite answered ${code}`);
  return new StoreError(kind, what, { cause: error });
};

import { closeSync, openSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { backup } from 'node:sqlite';
import { OperatorError } from '../../errors.ts';
import type { RegisteredKey } from '../../tokens/key-state.ts';
import { isThere, onFile, toFileError } from '../file-errors.ts';
import { connect } from './connect.ts';
import { toOperatorError } from './errors.ts';
import { openReadOnly, syncFile } from './backup-files.ts';
import { toKey } from '../key-rows.ts';

/** Pages copied between two reports of progress. */
const PAGES_PER_STEP = 2000;

/** Called with how many of how many pages are copied. */
export type Progress = (done: number, total: number) => void;

/**
 * Copies a store that may be in use into one file, as it was at one moment: a transaction holds the snapshot while the
 * pages are copied, so writers continue and do not make the copy start again. The file gets its name only when it is
 * complete, checked and on disk. Throws `OperatorError`.
 */
export const backupSqliteStore = async (path: string, target: string, progress: Progress): Promise<void> => {
  const draft = `${target}.part`;
  onFile(target, () => {
    rmSync(draft, { force: true });
    closeSync(openSync(draft, 'wx', 0o600));
  });
  const database = openReadOnly(path);
  try {
    database.exec('BEGIN');
    database.prepare('SELECT count(*) FROM clients').get();
    await backup(database, draft, {
      rate: PAGES_PER_STEP,
      progress: ({ totalPages, remainingPages }) => progress(totalPages - remainingPages, totalPages),
    });
    database.exec('ROLLBACK');
    closeBackup(draft);
    syncFile(draft);
    renameSync(draft, target);
    syncFile(dirname(target));
  } catch (error) {
    rmSync(draft, { force: true });
    throw toOperatorError(toFileError(error, target), target);
  } finally {
    database.close();
  }
};

/** The keys that sealed the tokens of a backup. Throws `OperatorError`. */
export const readBackupKeys = (backupPath: string): readonly RegisteredKey[] => {
  if (!isThere(backupPath)) {
    throw new OperatorError(
      'backup_missing',
      `${backupPath}: the file does not exist`,
      'Name a file that "keyfob backup" wrote.',
    );
  }
  const database = openReadOnly(backupPath);
  try {
    return database.prepare('SELECT * FROM keys').all().map(toKey);
  } catch (error) {
    const remedy = 'Name a file that "keyfob backup" wrote.';
    throw new OperatorError('backup_unreadable', `${backupPath}: this is not a backup of a store`, remedy, {
      cause: error,
    });
  } finally {
    database.close();
  }
};

/** Checks the copy, and merges its log into it, so that the backup is a single file. */
const closeBackup = (path: string): void => {
  const database = connect(path);
  try {
    database.exec('PRAGMA journal_mode = DELETE');
    const answer = Object.values(database.prepare('PRAGMA quick_check(1)').get() ?? {})[0];
    if (answer === 'ok') return;
    throw new OperatorError(
      'backup_damaged',
      `${path}: ${String(answer)}`,
      'The store itself may be damaged: run "keyfob doctor".',
    );
  } finally {
    database.close();
  }
};

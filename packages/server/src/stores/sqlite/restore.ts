import { chmodSync, existsSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Millis } from '../../clock.ts';
import { checkSchema } from './check-schema.ts';
import { openDatabase } from './database.ts';
import { toOperatorError } from './errors.ts';
import { openReadOnly, syncFile } from './backup-files.ts';
import { readMigrations } from './migrations.ts';
import { mergeContent } from './restore-content.ts';
import type { Restored } from './restore-content.ts';

const LOCK_TIMEOUT_MS = 10_000;
/** SQLite's files of one database. */
const SUFFIXES = ['', '-wal', '-shm'];

/**
 * Replaces the content of a store with that of a backup, in one transaction, so that a running server changes from one to
 * the other between two requests. `mergeContent` says what stays of the replaced store. Throws `OperatorError`.
 */
export const restoreSqliteStore = (path: string, backupPath: string, nowMs: Millis): Restored => {
  const copy = `${path}.restoring`;
  prepareCopy(backupPath, copy);
  const database = openDatabase(path, { lockTimeoutMs: LOCK_TIMEOUT_MS });
  try {
    database.prepare('ATTACH DATABASE ? AS backup').run(copy);
    database.exec('BEGIN IMMEDIATE');
    const restored = mergeContent(database, nowMs);
    database.exec('COMMIT');
    database.exec('DETACH DATABASE backup');
    return restored;
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw toOperatorError(error, path);
  } finally {
    database.close();
    removeFiles(copy);
  }
};

/** Restores a backup where there is no store, or where it no longer opens; its files are then kept as `aside`. */
export const placeSqliteStore = (path: string, backupPath: string, aside: string): void => {
  const copy = `${path}.restoring`;
  prepareCopy(backupPath, copy);
  for (const suffix of SUFFIXES) {
    if (existsSync(`${path}${suffix}`)) renameSync(`${path}${suffix}`, `${aside}${suffix}`);
  }
  syncFile(copy);
  renameSync(copy, path);
  syncFile(dirname(path));
};

/** Copies the backup beside the store, and migrates the copy; the backup itself is never opened for writing. */
const prepareCopy = (backupPath: string, copy: string): void => {
  removeFiles(copy);
  const source = openReadOnly(backupPath);
  try {
    checkSchema(source, backupPath, readMigrations());
    source.prepare('VACUUM INTO ?').run(copy);
    chmodSync(copy, 0o600);
  } catch (error) {
    removeFiles(copy);
    throw toOperatorError(error, backupPath);
  } finally {
    source.close();
  }
  try {
    openDatabase(copy, { lockTimeoutMs: LOCK_TIMEOUT_MS }).close();
  } catch (error) {
    removeFiles(copy);
    throw error;
  }
};

const removeFiles = (path: string): void => {
  for (const suffix of SUFFIXES) rmSync(`${path}${suffix}`, { force: true });
};

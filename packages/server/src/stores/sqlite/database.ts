import { closeSync, existsSync, openSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import type { Millis } from '../../clock.ts';
import { OperatorError } from '../../errors.ts';
import { refuseMoved } from '../copy/moved.ts';
import { toFileError } from '../file-errors.ts';
import { checkSchema } from './check-schema.ts';
import { connect } from './connect.ts';
import { toOperatorError } from './errors.ts';
import { readMoveState } from './moved.ts';
import { migrate } from './migrate.ts';
import { readMigrations } from './migrations.ts';
import { recogniseStore } from './recognise.ts';

/** SQLite's name for a database without a file. https://www.sqlite.org/inmemorydb.html */
export const IN_MEMORY = ':memory:';

/** Opens the file of a store, creates it where there is none, and migrates it. Throws `OperatorError`. */
export const openDatabase = (
  path: string,
  options: {
    readonly lockTimeoutMs: Millis;
    /** Whether the store may have moved, or be copied only in part: then it keeps the schema that it has. */
    readonly isForCopy?: boolean;
    /** What the newest schema consists of; those of this version where absent. */
    readonly migrations?: readonly string[];
  },
): DatabaseSync => {
  const { migrations = readMigrations() } = options;
  const isFile = path !== IN_MEMORY;
  if (isFile) recogniseStore(path, migrations.length);
  let database: DatabaseSync | undefined;
  try {
    if (isFile && !existsSync(path)) closeSync(openSync(path, 'wx', 0o600));
    database = connect(path, { timeout: options.lockTimeoutMs });
    // Durable means on disk: FULL syncs the log at every commit. https://www.sqlite.org/pragma.html#pragma_synchronous
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;');
    const moveState = readMoveState(database);
    if (options.isForCopy !== true) refuseMoved(path, moveState);
    if (moveState.movedTo !== undefined) return database;
    // A store that is copied in part has a table more.
    if (moveState.copiedFrom === undefined) checkSchema(database, path, migrations);
    migrate(database, path, migrations);
    database.exec('BEGIN IMMEDIATE; ROLLBACK');
    checkSmallTables(database, path);
    return database;
  } catch (error) {
    if (database?.isOpen === true) database.close();
    throw toOperatorError(toFileError(error, path), path);
  }
};

/** Finds damage at the start that would refuse every client; "keyfob doctor" checks the grants too. */
const checkSmallTables = (database: DatabaseSync, path: string): void => {
  for (const table of ['clients', 'client_secrets', 'keys']) {
    const finding = Object.values(database.prepare(`PRAGMA quick_check(${table})`).get() ?? {})[0];
    if (finding === 'ok') continue;
    const remedy =
      'Keep a copy of the data directory as it is, and restore the newest backup; clients continue with the tokens they hold.';
    throw new OperatorError('store_damaged', `${path}: the store is damaged (${String(finding)})`, remedy);
  }
};

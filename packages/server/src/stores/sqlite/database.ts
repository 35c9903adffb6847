import { closeSync, existsSync, openSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { OperatorError } from '../../errors.ts';
import { refuseMoved } from '../copy/moved.ts';
import { toFileError } from '../file-errors.ts';
import { toOperatorError } from './errors.ts';
import { readStanding } from './moved.ts';
import { APPLICATION_ID, foreign, readMigrations, recogniseStore, refuseNewer } from './recognise.ts';

/** Opens a store's file for good, made and brought to the newest schema where needed. Throws `OperatorError`. */
export const openDatabase = (
  path: string,
  options: {
    readonly lockTimeoutMs: number;
    /** Whether it may have moved, or not be whole yet: then it is left at the schema that it has. */
    readonly isForCopy?: boolean;
  },
): DatabaseSync => {
  recogniseStore(path);
  let database: DatabaseSync | undefined;
  try {
    if (!existsSync(path)) closeSync(openSync(path, 'wx', 0o600));
    database = new DatabaseSync(path, { timeout: options.lockTimeoutMs });
    // Durable means on disk: FULL syncs the log at every commit. https://www.sqlite.org/pragma.html#pragma_synchronous
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;');
    const standing = readStanding(database);
    if (options.isForCopy !== true) refuseMoved(path, standing);
    if (standing.movedTo !== undefined) return database;
    migrate(database, path);
    database.exec('BEGIN IMMEDIATE; ROLLBACK');
    checkSmallTables(database, path);
    return database;
  } catch (error) {
    if (database?.isOpen === true) database.close();
    throw toOperatorError(toFileError(error, path), path);
  }
};

/** Applies what is missing in one transaction. `user_version` counts the migrations applied. */
const migrate = (database: DatabaseSync, path: string): void => {
  const migrations = readMigrations();
  if (schemaOf(database) === migrations.length) return;
  database.exec('BEGIN EXCLUSIVE');
  try {
    const schema = schemaOf(database);
    refuseNewer(path, schema, migrations.length);
    if (schema === 0 && countTables(database) > 0) throw foreign(path);
    for (const sql of migrations.slice(schema)) database.exec(sql);
    database.exec(
      `PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${migrations.length}; COMMIT`,
    );
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
  // Into the file itself, whose header the next start inspects before it opens anything.
  database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
};

/** Damage that would refuse every client is found at the start; "keyfob doctor" looks through the grants too. */
const checkSmallTables = (database: DatabaseSync, path: string): void => {
  for (const table of ['clients', 'client_secrets', 'keys']) {
    const finding = Object.values(database.prepare(`PRAGMA quick_check(${table})`).get() ?? {})[0];
    if (finding === 'ok') continue;
    const remedy =
      'Keep a copy of the data directory as it is, and bring back the newest backup; clients go on with the tokens they hold.';
    throw new OperatorError('store_damaged', `${path}: the store is damaged (${String(finding)})`, remedy);
  }
};

const schemaOf = (database: DatabaseSync): number =>
  Number(database.prepare('PRAGMA user_version').get()?.['user_version']);

const countTables = (database: DatabaseSync): number =>
  Number(database.prepare('SELECT count(*) AS tables FROM sqlite_schema').get()?.['tables']);

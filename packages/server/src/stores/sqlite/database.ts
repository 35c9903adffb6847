import {
  closeSync,
  existsSync,
  openSync,
  readFileSync,
  readSync,
  readdirSync,
  statfsSync,
  statSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { OperatorError } from '../../errors.ts';
import { toOperatorError } from './errors.ts';

/** Marks a file as Keyfob's in the SQLite header: "KFOB". */
const APPLICATION_ID = 0x4b464f42;
const MAGIC = 'SQLite format 3\0';
const HEADER_BYTES = 100;
const DISK_ROOM_MIN_BYTES = 1024 * 1024;
const MIGRATIONS = new URL('./migrations/', import.meta.url);

/** Open a store's file for good, made and brought to the newest schema where needed. Throws `OperatorError`. */
export const openDatabase = (path: string, options: { readonly lockTimeoutMs: number }): DatabaseSync => {
  const migrations = readMigrations();
  inspectFile(path, migrations.length);
  let database: DatabaseSync | undefined;
  try {
    if (!existsSync(path)) closeSync(openSync(path, 'wx', 0o600));
    database = new DatabaseSync(path, { timeout: options.lockTimeoutMs });
    // Durable means on disk: FULL syncs the log at every commit. https://www.sqlite.org/pragma.html#pragma_synchronous
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;');
    migrate(database, migrations);
    database.exec('BEGIN IMMEDIATE; ROLLBACK');
    return database;
  } catch (error) {
    if (database?.isOpen === true) database.close();
    throw toOperatorError(error, path);
  }
};

/** Looks at the file's first bytes only, so that a file which is not ours stays as it is to the last bit. */
const inspectFile = (path: string, newestSchema: number): void => {
  const room = statfsSync(dirname(path));
  if (room.bavail * room.bsize < DISK_ROOM_MIN_BYTES) {
    const mend = 'Free some space on the disk of the data directory; nothing was touched.';
    throw new OperatorError('store_disk_full', `${path}: less than 1 MiB is left on its disk`, mend);
  }
  if (!existsSync(path) || statSync(path).size === 0) return;
  const header = readHeader(path);
  if (header.toString('latin1', 0, MAGIC.length) !== MAGIC) {
    const mend = 'Point --data to another directory, or move the file away; it was not touched.';
    throw new OperatorError('store_not_a_database', `${path}: the file is not a SQLite database`, mend);
  }
  const applicationId = header.readUInt32BE(68);
  if (applicationId !== APPLICATION_ID && applicationId !== 0) {
    const mend = 'Point --data to another directory; the file was not touched.';
    throw new OperatorError('store_foreign', `${path}: the database belongs to another program`, mend);
  }
  refuseNewer(path, header.readUInt32BE(60), newestSchema);
};

const readHeader = (path: string): Buffer => {
  const header = Buffer.alloc(HEADER_BYTES);
  const file = openSync(path, 'r');
  try {
    readSync(file, header, 0, HEADER_BYTES, 0);
  } finally {
    closeSync(file);
  }
  return header;
};

const refuseNewer = (path: string, schema: number, newestSchema: number): void => {
  if (schema <= newestSchema) return;
  throw new OperatorError(
    'store_newer',
    `${path}: the store has schema ${schema}, and this keyfob knows schemas up to ${newestSchema}`,
    'Start the newer keyfob that wrote it, or bring back a backup from before the upgrade. Nothing was touched.',
  );
};

const readMigrations = (): readonly string[] =>
  readdirSync(MIGRATIONS)
    .filter((name) => name.endsWith('.sql'))
    .sort()
    .map((name) => readFileSync(new URL(name, MIGRATIONS), 'utf8'));

/** Applies what is missing in one transaction. `user_version` counts the migrations applied. */
const migrate = (database: DatabaseSync, migrations: readonly string[]): void => {
  if (schemaOf(database) === migrations.length) return;
  database.exec('BEGIN EXCLUSIVE');
  try {
    const schema = schemaOf(database);
    refuseNewer(database.location() ?? 'the store', schema, migrations.length);
    if (schema === 0 && countTables(database) > 0) {
      const mend = 'Point --data to another directory; the file was not touched.';
      throw new OperatorError('store_foreign', 'the database belongs to another program', mend);
    }
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

const schemaOf = (database: DatabaseSync): number =>
  Number(database.prepare('PRAGMA user_version').get()?.['user_version']);

const countTables = (database: DatabaseSync): number =>
  Number(database.prepare('SELECT count(*) AS tables FROM sqlite_schema').get()?.['tables']);

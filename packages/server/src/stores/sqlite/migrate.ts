import type { DatabaseSync } from 'node:sqlite';
import { APPLICATION_ID, foreign, refuseNewer } from './recognise.ts';

/**
 * Applies the migrations that a store has not had, in one transaction. Throws `OperatorError` for a store with more
 * migrations than these, and for a database that another program made.
 */
export const migrate = (database: DatabaseSync, path: string, migrations: readonly string[]): void => {
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

const schemaOf = (database: DatabaseSync): number =>
  Number(database.prepare('PRAGMA user_version').get()?.['user_version']);

const countTables = (database: DatabaseSync): number =>
  Number(database.prepare('SELECT count(*) AS tables FROM sqlite_schema').get()?.['tables']);

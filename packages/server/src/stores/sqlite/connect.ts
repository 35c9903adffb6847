import { DatabaseSync } from 'node:sqlite';

/**
 * Opens a connection to a file. No function runs because the schema of the file says so: it may come from a backup.
 *
 * @see https://www.sqlite.org/pragma.html#pragma_trusted_schema
 */
export const connect = (
  path: string | URL,
  options: { readonly timeout?: number; readonly readOnly?: boolean } = {},
): DatabaseSync => {
  const database = new DatabaseSync(path, options);
  database.exec('PRAGMA trusted_schema = OFF');
  return database;
};

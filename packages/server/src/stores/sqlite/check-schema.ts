import { DatabaseSync } from 'node:sqlite';
import { OperatorError } from '../../errors.ts';

/**
 * Refuses a store, or a backup of one, whose schema is not exactly that of its migrations: a trigger, a view, an index, a
 * table or a column more or less. A trigger in a restored backup could undo what the store writes. Throws `OperatorError`.
 */
export const checkSchema = (database: DatabaseSync, path: string, migrations: readonly string[]): void => {
  database.exec('BEGIN');
  try {
    const version = Number(database.prepare('PRAGMA user_version').get()?.['user_version']);
    // No migration ran yet, or newer ones: both are recognised elsewhere.
    if (version === 0 || version > migrations.length) return;
    const found = describeSchema(database);
    const expected = schemaOf(migrations.slice(0, version));
    const added = [...found.keys()].filter((name) => found.get(name) !== expected.get(name));
    const missing = [...expected.keys()].filter((name) => !found.has(name));
    if (added.length + missing.length > 0) throw altered(path, added, missing);
  } finally {
    database.exec('ROLLBACK');
  }
};

/** Where SQLite's own ANALYZE keeps what it counted. */
const STATISTICS = /^table sqlite_stat[1-4]$/;

/** The SQL of each part of a schema, by its type and name. `ALTER TABLE ... RENAME` puts names into quotes. */
const describeSchema = (database: DatabaseSync): ReadonlyMap<string, string> =>
  new Map(
    database
      .prepare('SELECT type, name, tbl_name, sql FROM sqlite_schema')
      .all()
      .map((row): [string, string] => [
        `${String(row['type'])} ${String(row['name'])}`,
        `${String(row['tbl_name'])}: ${String(row['sql']).replaceAll(/"(\w+)"/g, '$1')}`,
      ])
      .filter(([name]) => !STATISTICS.test(name)),
  );

const known = new Map<string, ReadonlyMap<string, string>>();

const schemaOf = (migrations: readonly string[]): ReadonlyMap<string, string> => {
  const sql = migrations.join(';\n');
  const before = known.get(sql);
  if (before !== undefined) return before;
  const database = new DatabaseSync(':memory:');
  for (const migration of migrations) database.exec(migration);
  const schema = describeSchema(database);
  database.close();
  known.set(sql, schema);
  return schema;
};

const altered = (path: string, added: readonly string[], missing: readonly string[]): OperatorError => {
  const what = [
    ...added.map((name) => `${name} is not Keyfob's`),
    ...missing.map((name) => `${name} is missing`),
  ];
  return new OperatorError(
    'store_altered',
    `${path}: the schema was altered: ${what.slice(0, 5).join(', ')}${what.length > 5 ? ', and more' : ''}`,
    'Find out who altered it. Use another backup, or undo exactly that with the sqlite3 program while no server runs. Nothing was changed.',
  );
};

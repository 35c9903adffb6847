import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, describe, test } from 'node:test';
import { OperatorError } from '@keyfob/server/errors';
import {
  backupSqliteStore,
  openDatabase,
  openSqliteStore,
  readMigrations,
  restoreSqliteStore,
} from '@keyfob/server/stores';
import { fill, listAll, NOW_MS, refreshed, sampleSecret, sampleUse } from '../support/samples.ts';

/** Schemas of possible later versions. Each extends the one before it. */
const LATER = [
  ...readMigrations(),
  "ALTER TABLE grants ADD COLUMN colour TEXT NOT NULL DEFAULT 'red'",
  `CREATE TABLE colours (name TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
  INSERT INTO colours SELECT DISTINCT colour FROM grants;`,
];
const NOW = readMigrations().length;

const directory = mkdtempSync(join(tmpdir(), 'keyfob-migrations-'));
after(() => rmSync(directory, { recursive: true, force: true }));

let stores = 0;
const nextPath = (): string => join(directory, `keyfob-${++stores}.db`);

/** Creates a store of this version, with a client and a grant that was refreshed. */
const makeStore = async (): Promise<string> => {
  const path = nextPath();
  const store = openSqliteStore(path);
  await fill(store);
  await store.addSecret('client-a', sampleSecret('one'));
  await refreshed(store, sampleUse(0));
  await store.close();
  return path;
};

const open = (path: string, migrations: readonly string[] = LATER): DatabaseSync =>
  openDatabase(path, { lockTimeoutMs: 1000, migrations });

const isRefusedAs = (code: string) => (error: unknown) =>
  error instanceof OperatorError && error.code === code;

const read = <Result>(path: string, work: (database: DatabaseSync) => Result): Result => {
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    return work(database);
  } finally {
    database.close();
  }
};

const schemaOf = (path: string): number =>
  read(path, (database) => Number(database.prepare('PRAGMA user_version').get()?.['user_version']));

/** All parts of a schema, as SQLite describes them. */
const describeSchema = (path: string): readonly unknown[] =>
  read(path, (database) =>
    database.prepare('SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name').all(),
  );

describe('the migration of a SQLite store', () => {
  test('An empty file becomes a store.', async () => {
    const path = nextPath();
    new DatabaseSync(path).close();
    const store = openSqliteStore(path);
    assert.deepEqual(await store.listClients(), []);
    assert.equal(schemaOf(path), NOW);
    await store.close();
  });

  test('A store of an older schema is migrated step by step, and keeps its content.', async () => {
    const path = await makeStore();
    const before = read(path, (database) => database.prepare('SELECT * FROM grants').all());
    open(path, LATER.slice(0, NOW + 1)).close();
    assert.equal(schemaOf(path), NOW + 1);
    open(path).close();
    assert.equal(schemaOf(path), LATER.length);
    const grants = read(path, (database) => database.prepare('SELECT * FROM grants').all());
    assert.deepEqual(
      grants,
      before.map((row) => Object.assign(Object.create(null) as typeof row, row, { colour: 'red' })),
    );
    assert.deepEqual(
      read(path, (database) => database.prepare('SELECT name FROM colours').all().map(Object.values)),
      [['red']],
    );
  });

  test('A migrated store has the same schema as a new one.', async () => {
    const path = await makeStore();
    open(path).close();
    const fresh = nextPath();
    open(fresh).close();
    assert.deepEqual(describeSchema(path), describeSchema(fresh));
  });

  test('Two connections may migrate a store at the same time.', async () => {
    const path = await makeStore();
    const [one, other] = [open(path), open(path)];
    one.exec("UPDATE grants SET colour = 'blue'");
    assert.deepEqual(Object.values(other.prepare('SELECT colour FROM grants').get() ?? {}), ['blue']);
    one.close();
    other.close();
  });

  test('A migration that fails changes nothing, and its earlier steps are undone.', async () => {
    const path = await makeStore();
    const before = describeSchema(path);
    assert.throws(() => open(path, [...LATER, 'ALTER TABLE no_such_table ADD COLUMN colour TEXT']));
    assert.equal(schemaOf(path), NOW);
    assert.deepEqual(describeSchema(path), before);
    const store = openSqliteStore(path);
    assert.equal((await listAll(store, 2)).length, 1);
    await store.close();
  });

  test('A store of a newer schema is refused and stays unchanged.', async () => {
    const path = await makeStore();
    open(path).close();
    assert.throws(() => openSqliteStore(path), isRefusedAs('store_newer'));
    assert.equal(schemaOf(path), LATER.length);
  });

  test('A backup of a newer schema is not restored.', async () => {
    const [path, newer, backup] = [await makeStore(), await makeStore(), nextPath()];
    open(newer).close();
    await backupSqliteStore(newer, backup, () => {});
    assert.throws(() => restoreSqliteStore(path, backup, NOW_MS), isRefusedAs('store_newer'));
    assert.equal(existsSync(`${path}.restoring`), false);
    const store = openSqliteStore(path);
    const use = { nowMs: NOW_MS + 1000 };
    assert.equal((await refreshed(store, sampleUse(1, use))).grant?.generation, 2);
    await store.close();
  });
});

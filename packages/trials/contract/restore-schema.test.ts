import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, test } from 'node:test';
import { OperatorError } from '@keyfob/server/errors';
import {
  backupSqliteStore,
  openSqliteStore,
  placeSqliteStore,
  restoreSqliteStore,
} from '@keyfob/server/stores';
import { fill, listAll, NOW_MS } from '../support/samples.ts';

const directory = mkdtempSync(join(tmpdir(), 'keyfob-restore-schema-'));
after(() => rmSync(directory, { recursive: true, force: true }));

const ALTERATIONS: readonly (readonly [string, string])[] = [
  [
    'trigger undo_revocations',
    `CREATE TRIGGER undo_revocations AFTER UPDATE OF revoked_at_ms ON grants
      BEGIN UPDATE grants SET revoked_at_ms = NULL WHERE id = NEW.id; END`,
  ],
  ['view everyone', 'CREATE VIEW everyone AS SELECT * FROM grants'],
  ['index grants_by_subject', 'CREATE INDEX grants_by_subject ON grants (subject)'],
  ['table notes', 'CREATE TABLE notes (note TEXT)'],
  ['table clients', "ALTER TABLE clients ADD COLUMN note TEXT DEFAULT 'x'"],
  ['index codes_by_age', 'DROP INDEX codes_by_age'],
  [
    'view consents',
    'DROP TABLE consents; CREATE VIEW consents AS SELECT subject, id AS grant_id FROM grants',
  ],
];

const isAltered = (what: string) => (error: unknown) =>
  error instanceof OperatorError && error.code === 'store_altered' && error.message.includes(what);

for (const [index, [what, sql]] of ALTERATIONS.entries()) {
  void test(`A backup, and a store, with another ${what} are refused.`, async () => {
    const path = join(directory, `keyfob-${index}.db`);
    const backup = `${path}.backup`;
    const store = openSqliteStore(path);
    await fill(store);
    const before = await listAll(store, 9);
    await backupSqliteStore(path, backup, () => {});
    const database = new DatabaseSync(backup);
    database.exec(sql);
    database.close();

    assert.throws(() => restoreSqliteStore(path, backup, NOW_MS), isAltered(what));
    assert.deepEqual(await listAll(store, 9), before);
    await store.close();
    const empty = `${path}.new`;
    assert.throws(() => placeSqliteStore(empty, backup, `${path}.aside`), isAltered(what));
    for (const file of [empty, `${empty}.restoring`, `${path}.restoring`])
      assert.equal(existsSync(file), false);
    assert.throws(() => openSqliteStore(backup), isAltered(what));
  });
}

void test('A store that SQLite has analysed is not altered.', () => {
  const path = join(directory, 'analysed.db');
  void openSqliteStore(path).close();
  const database = new DatabaseSync(path);
  database.exec('ANALYZE');
  database.close();
  void openSqliteStore(path).close();
});

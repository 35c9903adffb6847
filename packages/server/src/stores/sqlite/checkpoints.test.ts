import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { createCheckpoints, isWalResetFixed } from './checkpoints.ts';
import { readLogBytes } from './log-size.ts';

const VERSIONS: readonly (readonly [string, boolean])[] = [
  ['3.44.0', false],
  ['3.50.4', false],
  ['3.50.6', false],
  ['3.50.7', true],
  ['3.51.0', false],
  ['3.51.2', false],
  ['3.51.3', true],
  ['3.52.0', true],
  ['3.53.4', true],
  ['4.0.0', true],
  ['', false],
];

for (const [version, isFixed] of VERSIONS) {
  test(`SQLite ${version || 'of an unknown version'} ${isFixed ? 'has' : 'does not have'} checkpoints on a thread`, () => {
    assert.equal(isWalResetFixed(version), isFixed);
  });
}

const MIB = 1024 * 1024;

test('a log that a long read has made large is cut when it starts again', (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'keyfob-log-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const path = join(directory, 'keyfob.db');
  const database = new DatabaseSync(path);
  t.after(() => database.close());
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; CREATE TABLE filler (bytes BLOB)');
  createCheckpoints(database, path);
  const write = database.prepare('INSERT INTO filler VALUES (zeroblob(?))');
  const reader = new DatabaseSync(path);
  reader.exec('BEGIN; SELECT count(*) FROM filler');
  for (let times = 0; times < 40; times++) write.run(MIB);
  assert.ok(readLogBytes(path) > 40 * MIB, 'the reader keeps the log from starting again');
  reader.close();
  // The first commit takes all of the log into the database, and the second one starts it again.
  for (let times = 0; times < 2; times++) write.run(1);
  assert.ok(readLogBytes(path) <= 32 * MIB);
});

test('a store without a log has one of 0 bytes', () => {
  assert.equal(readLogBytes(join(tmpdir(), 'keyfob-no-such-store.db')), 0);
});

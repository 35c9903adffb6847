import assert from 'node:assert/strict';
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { ageState, holdState, restoreState, saveState, tearState } from './state-folder.ts';
import type { StateFacts } from './state-folder.ts';

const folderFor = (t: TestContext): string => {
  const folder = mkdtempSync(join(tmpdir(), 'keyfob-state-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
};

const stateFor = (t: TestContext, folder: string): StateFacts => {
  const { files, release } = holdState(folder);
  t.after(release);
  return files;
};

test('a file that is written in place is empty after a kill in the middle', (t) => {
  const folder = folderFor(t);
  const file = join(folder, 'tokens.json');
  writeFileSync(file, '{"token":1}');
  const before = stateFor(t, folder);
  writeFileSync(file, '{"token":2}');
  assert.equal(tearState(folder, before), 'tokens.json');
  assert.equal(readFileSync(file, 'utf8'), '');
});

test('a file that is replaced by renaming cannot be torn', (t) => {
  const folder = folderFor(t);
  const file = join(folder, 'tokens.json');
  writeFileSync(file, '{"token":1}');
  const before = stateFor(t, folder);
  writeFileSync(`${file}.new`, '{"token":2}');
  renameSync(`${file}.new`, file);
  assert.equal(tearState(folder, before), undefined);
  assert.equal(readFileSync(file, 'utf8'), '{"token":2}');
});

test('a file that is replaced twice cannot be torn, though the system uses the numbers of files again', (t) => {
  const folder = folderFor(t);
  const file = join(folder, 'tokens.json');
  writeFileSync(file, '{"token":1}');
  const before = stateFor(t, folder);
  for (const token of [2, 3, 4, 5]) {
    writeFileSync(`${file}.new`, `{"token":${token}}`);
    renameSync(`${file}.new`, file);
  }
  assert.equal(tearState(folder, before), undefined);
});

test('a file that is appended to ends in half a line', (t) => {
  const folder = folderFor(t);
  const file = join(folder, 'journal');
  writeFileSync(file, 'one\n');
  const before = stateFor(t, folder);
  appendFileSync(file, 'second\n');
  assert.equal(tearState(folder, before), 'journal');
  assert.equal(readFileSync(file, 'utf8'), 'one\nsec');
});

test('a database keeps a journal of its own, and is not torn', (t) => {
  const folder = folderFor(t);
  const database = new DatabaseSync(join(folder, 'tokens.db'));
  database.exec('CREATE TABLE held (token); INSERT INTO held VALUES (1)');
  const before = stateFor(t, folder);
  database.exec('UPDATE held SET token = 2');
  database.close();
  assert.equal(tearState(folder, before), undefined);
});

test('what was written after the torn file is not written yet', (t) => {
  const folder = folderFor(t);
  const [first, second, third] = ['b-first', 'a-second', 'third'].map((name) => join(folder, name));
  assert.ok(first !== undefined && second !== undefined && third !== undefined);
  writeFileSync(first, 'old');
  writeFileSync(second, 'old');
  const before = stateFor(t, folder);
  for (const [seconds, path] of [first, second, third].entries()) {
    writeFileSync(path, 'new');
    // Two writes in one tick of the system have the same time.
    utimesSync(path, 1_800_000_000, 1_800_000_000 + seconds);
  }
  assert.equal(tearState(folder, before), 'b-first');
  assert.equal(readFileSync(first, 'utf8'), '');
  assert.equal(readFileSync(second, 'utf8'), 'old');
  assert.deepEqual(readdirSync(folder).sort(), ['a-second', 'b-first']);
});

test('a copy that is put back replaces everything', (t) => {
  const folder = folderFor(t);
  const copy = join(folderFor(t), 'copy');
  writeFileSync(join(folder, 'tokens'), 'old');
  saveState(folder, copy);
  writeFileSync(join(folder, 'tokens'), 'new');
  writeFileSync(join(folder, 'more'), 'new');
  restoreState(folder, copy);
  assert.deepEqual(readdirSync(folder), ['tokens']);
  assert.equal(readFileSync(join(folder, 'tokens'), 'utf8'), 'old');
});

test('files and folders get older together, so that a lock of a dead process looks as old as it would be', (t) => {
  const folder = folderFor(t);
  const lock = join(folder, 'tokens.lock');
  mkdirSync(lock);
  writeFileSync(join(lock, 'owner'), '1');
  const before = statSync(lock).mtimeMs;
  ageState(folder, 3600);
  for (const path of [lock, join(lock, 'owner')])
    assert.ok(Math.abs(before - 3_600_000 - statSync(path).mtimeMs) < 1000);
});

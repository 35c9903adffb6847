import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openSqliteStore } from './store.ts';

test('A store in memory creates no file.', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'keyfob-memory-'));
  const home = process.cwd();
  process.chdir(directory);
  t.after(() => {
    process.chdir(home);
    rmSync(directory, { recursive: true, force: true });
  });
  const store = openSqliteStore(':memory:');
  await store.registerKey({
    number: 1,
    purpose: 'seal',
    createdAtMs: 1_750_000_000_000,
    fingerprint: '0123456789abcdef',
  });
  assert.equal((await store.listKeys()).length, 1);
  await store.close();
  assert.deepEqual(readdirSync(directory), []);
});

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

const FOLDER = new URL('../', import.meta.url);

/** Words of PostgreSQL's own: locks, catalogue, settings, sessions, its clock. */
const OWN =
  /SKIP LOCKED|NOWAIT|FOR (?:NO )?KEY|FOR SHARE|LOCK TABLE|\bpg_(?!dump|restore|basebackup|hba)\w+|to_reg\w+|has_\w+_privilege|current_setting|SET (?:LOCAL|SESSION|enable|jit)|(?:statement|clock)_timestamp|txid|xmin|ctid|LISTEN|NOTIFY|advisory/;

void test('what only PostgreSQL has is in one file', () => {
  const found = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(?:ts|sql)$/.test(name) && !/engine\.|\.test\.ts$/.test(name))
    .flatMap((name) => {
      const match = OWN.exec(readFileSync(new URL(name, FOLDER), 'utf8'));
      return match === null ? [] : [`${name}: ${match[0]}`];
    });
  assert.deepEqual(found, []);
});

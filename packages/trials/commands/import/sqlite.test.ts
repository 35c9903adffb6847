import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import assert from 'node:assert/strict';
import { after } from 'node:test';
import { makeDataDirectory, removeDataDirectory } from '../../support/keyfob-process.ts';
import { describeImport } from './suite.ts';

const directory = makeDataDirectory();
after(() => {
  const kept = readdirSync(directory).filter((name) => name.startsWith('keyfob.db'));
  assert.ok(kept.length > 0);
  for (const name of kept)
    assert.ok(!readFileSync(join(directory, name), 'latin1').includes('old/'), `${name} holds a token`);
  removeDataDirectory(directory);
});

describeImport('SQLite', async () => ({}), directory);

import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { it } from 'node:test';
import { openCodeMaker } from '../code-maker.ts';
import { removeDataDirectory, startKeyfob, UNTHROTTLED } from '../keyfob-process.ts';
import { describeFixtures, FIXTURE_DIALECTS, FIXTURE_FILES } from './fixture-suite.ts';

describeFixtures('', async () => {
  const server = await startKeyfob({ environment: UNTHROTTLED });
  const codes = openCodeMaker(server.dataDirectory);
  return {
    server,
    codes,
    async withoutStore(work) {
      const database = new DatabaseSync(join(server.dataDirectory, 'keyfob.db'));
      database.exec('BEGIN IMMEDIATE');
      try {
        await work();
      } finally {
        database.close();
      }
    },
    async close() {
      await codes.close();
      await server.kill();
      removeDataDirectory(server.dataDirectory);
    },
  };
});

it('every fixture file belongs to a dialect and is run here', () => {
  const files = readdirSync(new URL('../../../fixtures/wire/', import.meta.url)).filter((name) =>
    name.endsWith('.json'),
  );
  const run = FIXTURE_DIALECTS.flatMap((dialect) => FIXTURE_FILES.map((file) => `${dialect}-${file}.json`));
  assert.deepEqual(files.sort(), run.sort());
});

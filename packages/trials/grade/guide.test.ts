import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { readDocument } from '../docs/documents.ts';
import { readBlocks } from '../guide/guide.ts';
import { gradeWords, inShort } from './grade-words.ts';
import { replaceTable, writeTable } from './write-table.ts';

const PAGE = 'grade.md';

test('the program of the page works, and the grade finds what it lacks', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'keyfob-guide-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const program = join(folder, 'need.mjs');
  writeFileSync(program, readBlocks(PAGE, 'js')[0] ?? '');
  const expected = {
    plain: 'kept',
    'lost-answer-after': 'kept',
    'lost-answer-late-call': 'lost_avoidably',
    'killed-while-storing': 'kept',
    'killed-at-exit': 'kept',
    redirect: 'kept, leaked_secret',
  };
  const card = await gradeWords([process.execPath, program], { scenarios: Object.keys(expected) });
  assert.deepEqual(inShort(card), expected);
});

test('the page has a place for its table, and a row for each program', async () => {
  const page = readDocument(`docs/guide/${PAGE}`);
  const card = await gradeWords(['true'], { scenarios: [] });
  const table = writeTable([{ subject: { name: 'nothing', dialect: 'smartcar' }, card }]);
  assert.match(replaceTable(page, table), /\| nothing \| smartcar \|.*not graded: /);
  assert.match(page, /^\| eighty careful lines/m);
});

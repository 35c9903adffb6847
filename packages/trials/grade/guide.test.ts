import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { readDocument } from '../docs/documents.ts';
import { readBlocks } from '../guide/guide.ts';
import { gradeWords, inShort } from './grade-words.ts';
import { NODE_SUBJECTS } from './subjects.ts';
import { replaceRows, writeTable } from './write-table.ts';

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

const rowsOf = (text: string): number => text.split('\n').filter((line) => line.startsWith('| ')).length;

test('the page has a row for each program, and rows can be replaced one by one', async () => {
  const page = readDocument(`docs/guide/${PAGE}`);
  const card = await gradeWords(['true'], { scenarios: [] });
  const rowFor = (name: string): string => writeTable([{ subject: { name, dialect: 'smartcar' }, card }]);
  const added = replaceRows(page, rowFor('nothing'));
  assert.match(added, /^\| nothing \| smartcar \|.*not graded: /m);
  assert.equal(rowsOf(added), rowsOf(page) + 1);
  assert.equal(rowsOf(replaceRows(added, rowFor('nothing'))), rowsOf(added));
  for (const { name } of NODE_SUBJECTS) assert.ok(page.includes(`| ${name} `), name);
});

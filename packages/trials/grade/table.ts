import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Scorecard } from '@keyfob/sandbox/grade';
import { ROOT } from '../docs/documents.ts';
import { createProgressBar } from '../support/progress-bar.ts';
import { gradeWords } from './grade-words.ts';
import { goSubjects, NODE_SUBJECTS, pythonSubjects } from './subjects.ts';
import type { TableSubject } from './subjects.ts';
import { replaceRows, writeTable } from './write-table.ts';

const PAGE = `${ROOT}docs/guide/grade.md`;

const { values } = parseArgs({
  options: {
    write: { type: 'boolean', default: false },
    only: { type: 'string' },
    jobs: { type: 'string', default: '2' },
    help: { type: 'boolean', default: false },
  },
});

const HELP = `Grades the programs in packages/trials/grade/subjects and prints the table of docs/guide/grade.md.

  npm run grade:table                       print the table
  npm run grade:table -- --write            write it into the page
  npm run grade:table -- --only simple      only programs whose name contains this; --write leaves the other rows
  npm run grade:table -- --jobs 8           so many scenarios at once

Programs in Python and Go are graded where the language and its registry can be used.
`;

const run = async (): Promise<void> => {
  const folder = mkdtempSync(join(tmpdir(), 'keyfob-table-'));
  const bar = createProgressBar('scenarios');
  try {
    const rows: { readonly subject: TableSubject; readonly card: Scorecard }[] = [];
    for (const subject of await findSubjects(folder)) {
      process.stderr.write(`${subject.name} (${subject.dialect})\n`);
      const { words, dialect, environment } = subject;
      const card = await gradeWords(words, {
        dialect,
        environment,
        limitSeconds: 60,
        jobs: Number(values.jobs),
        onProgress: bar.show,
      });
      bar.end();
      rows.push({ subject, card });
    }
    const table = writeTable(rows);
    process.stdout.write(`${table}\n`);
    if (values.write) writeFileSync(PAGE, replaceRows(readFileSync(PAGE, 'utf8'), table));
  } finally {
    bar.end();
    rmSync(folder, { recursive: true, force: true });
  }
};

const findSubjects = async (folder: string): Promise<readonly TableSubject[]> => {
  const found = [...NODE_SUBJECTS];
  for (const [language, find] of [
    ['Python', pythonSubjects],
    ['Go', goSubjects],
  ] as const) {
    const subjects = await find(mkdtempSync(join(folder, language)));
    if ('skipped' in subjects) process.stderr.write(`${language} is left out: ${subjects.skipped}\n`);
    else found.push(...subjects);
  }
  const { only } = values;
  return only === undefined ? found : found.filter(({ name }) => name.includes(only));
};

if (values.help) process.stdout.write(HELP);
else await run();

// npm run grade:keeper: the keeper through every scenario of every dialect. Fails under the full score.
import { parseArgs } from 'node:util';
import { GRADED_DIALECTS, renderScorecard } from '@keyfob/sandbox/grade';
import { createProgressBar } from '../support/progress-bar.ts';
import { assertFullScore } from './assert-full-score.ts';
import { gradeWords, subjectWords } from './grade-words.ts';
import type { Words } from './grade-words.ts';
import { unavoidableFor, UNCERTAIN } from './unavoidable.ts';

const { values } = parseArgs({
  options: { jobs: { type: 'string', default: '4' }, dialect: { type: 'string' } },
});
/** In a clone, packages of this repository are their sources. */
const FROM_SOURCE = '--conditions=keyfob-source';

const bar = createProgressBar('scenarios');
for (const dialect of GRADED_DIALECTS) {
  if (values.dialect !== undefined && values.dialect !== dialect) continue;
  const [node, ...words] = subjectWords('keeper', dialect);
  const fromSource: Words = [node, FROM_SOURCE, ...words];
  const card = await gradeWords(fromSource, { dialect, jobs: Number(values.jobs), onProgress: bar.show });
  bar.end();
  process.stdout.write(`${renderScorecard(card, process.stdout.isTTY)}\n`);
  try {
    assertFullScore(card, unavoidableFor(dialect), UNCERTAIN);
  } catch (error) {
    process.stderr.write(`${dialect}: not the full score. ${String(error)}\n`);
    process.exitCode = 1;
  }
}

// npm run grade:keeper: the keeper through every scenario of the dialects of the two API pages. Fails under the full score.
// --dialect NAME: of any dialect. The score of another one is shown and not demanded: the keeper's profiles of those makers
// believe a lone refusal only after several, because the makers do not say what it means, and the generic one knows no overlap.
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

/** Whose pages say what every refusal means. */
const FULL_SCORE_DIALECTS: ReadonlySet<string> = new Set(['smartcar', 'pleos']);

const bar = createProgressBar('scenarios');
const asked = GRADED_DIALECTS.filter((dialect) =>
  values.dialect === undefined ? FULL_SCORE_DIALECTS.has(dialect) : dialect === values.dialect,
);
if (asked.length === 0)
  throw new Error(`--dialect: ${values.dialect} is none of ${GRADED_DIALECTS.join(', ')}`);
for (const dialect of asked) {
  const [node, ...words] = subjectWords('keeper', dialect);
  const fromSource: Words = [node, FROM_SOURCE, ...words];
  const card = await gradeWords(fromSource, { dialect, jobs: Number(values.jobs), onProgress: bar.show });
  bar.end();
  process.stdout.write(`${renderScorecard(card, process.stdout.isTTY)}\n`);
  if (!FULL_SCORE_DIALECTS.has(dialect)) continue;
  try {
    assertFullScore(card, unavoidableFor(dialect), UNCERTAIN);
  } catch (error) {
    process.stderr.write(`${dialect}: not the full score. ${String(error)}\n`);
    process.exitCode = 1;
  }
}

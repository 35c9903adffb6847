import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { assertFullScore } from './assert-full-score.ts';
import { gradeWords, subjectWords } from './grade-words.ts';
import { goSubjects, NODE_SUBJECTS, pythonSubjects } from './subjects.ts';
import type { TableSubject } from './subjects.ts';
import { unavoidableFor, UNCERTAIN } from './unavoidable.ts';

const folder = mkdtempSync(join(tmpdir(), 'keyfob-libraries-'));
after(() => rmSync(folder, { recursive: true, force: true }));

/** What every library must pass, and what none of them alone can: so the graded programs use them as they are meant to be used. */
const SCENARIOS = ['lost-answer-after', 'lost-answer-late-call', 'revoked-by-owner', 'secret-rolled'];

const testSubject = ({ name, dialect, words, environment }: TableSubject): void => {
  test(`${name} works and is graded (${dialect})`, async () => {
    const card = await gradeWords(words, { dialect, environment, scenarios: SCENARIOS, limitSeconds: 30 });
    assert.equal(card.neverWorked, undefined, card.neverWorked?.says);
    const outcomes = Object.fromEntries(card.scenarios.map((one) => [one.name, one.outcome]));
    assert.equal(outcomes['plain'], 'kept');
    assert.equal(outcomes['secret-rolled'], 'kept');
    assert.equal(outcomes['revoked-by-owner'], 'lost_unavoidably');
  });
};

for (const dialect of ['smartcar', 'pleos'] as const)
  test(`eighty careful lines have a full score in all scenarios of ${dialect}`, async () => {
    const card = await gradeWords(subjectWords('careful', dialect), { dialect });
    assertFullScore(card, unavoidableFor(dialect), UNCERTAIN);
  });

for (const subject of NODE_SUBJECTS) testSubject(subject);
for (const [language, find] of [
  ['Python', pythonSubjects],
  ['Go', goSubjects],
] as const) {
  const subjects = await find(mkdtempSync(join(folder, language)));
  if ('skipped' in subjects) test(`the graded programs in ${language}`, { skip: subjects.skipped });
  else for (const subject of subjects) testSubject(subject);
}

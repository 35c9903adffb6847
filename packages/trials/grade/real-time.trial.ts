import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gradeWords, inShort, scriptWords } from './grade-words.ts';
import { scripted } from './scripted.ts';

test('a program that knows the real clock only is graded in real time', async () => {
  const script = scripted(
    'if (Date.now() >= held.expiresAt) await refresh(); store(); console.log(held.access)',
  );
  const real = script.replace('const now = Number(KEYFOB_NOW)', 'const now = Date.now()');
  const card = await gradeWords(scriptWords(real), {
    scenarios: ['lost-answer-after', 'killed-after-commit'],
    isRealTime: true,
    jobs: 3,
  });
  assert.deepEqual(inShort(card), {
    plain: 'kept',
    'lost-answer-after': 'kept',
    'killed-after-commit': 'kept',
  });
});

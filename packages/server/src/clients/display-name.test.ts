import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { cleanName, cutName, faultOfName } from './display-name.ts';

describe('A name on a page', () => {
  for (const [what, name, shown] of [
    ['is shown as it is', 'Charge planner 2', 'Charge planner 2'],
    ['stays on one line', ' Charge\n\tplanner\u2028 2 ', 'Charge planner 2'],
    ['has no mark of direction', 'Bank\u202Egnp.exe\u2066\u200F', 'Bankgnp.exe'],
    ['has no zero-width space, joiner or tag', 'Ke\u200By\u2060f\u200Do\uFEFFb\u{E0041}', 'Keyfob'],
    ['has no filler', '\u3164\u2800\u115F', ''],
    ['keeps an emoji of several people', '👨‍👩‍👧 car', '👨‍👩‍👧 car'],
    ['keeps the joiners of Persian', 'نمی‌خواهم', 'نمی‌خواهم'],
    ['keeps Korean and accents', '기아 Škoda é', '기아 Škoda é'],
  ] as const)
    test(what, () => assert.equal(cleanName(name), shown));

  for (const [what, name, max, shown] of [
    ['is not cut if it fits', 'abcd', 4, 'abcd'],
    ['is cut with an ellipsis', 'abcde', 4, 'abc…'],
    ['is cut between words without a space', 'ab de', 4, 'ab…'],
    ['counts an emoji as one character', '👨‍👩‍👧👨‍👩‍👧👨‍👩‍👧', 3, '👨‍👩‍👧👨‍👩‍👧👨‍👩‍👧'],
    ['is never cut inside an emoji', '👨‍👩‍👧👨‍👩‍👧👨‍👩‍👧', 2, '👨‍👩‍👧…'],
    ['is never cut inside a letter with its accents', 'e\u0301e\u0301e\u0301', 2, 'e\u0301…'],
    ['has a limited number of accents per letter', `a${'\u0301'.repeat(50)}`, 20, `a${'\u0301'.repeat(11)}`],
  ] as const)
    test(what, () => assert.equal(cutName(name, max), shown));
});

describe('A name at registration', () => {
  for (const [name, fault] of [
    ['', undefined],
    ['Charge planner 👨‍👩‍👧', undefined],
    ['x'.repeat(100), undefined],
    ['x'.repeat(101), 'must have at most 100 characters'],
    ['\u202Egnp', 'must not contain control or invisible characters'],
    ['a\nb', 'must not contain control or invisible characters'],
    ['a\u200Bb', 'must not contain control or invisible characters'],
  ] as const)
    test(`${JSON.stringify(name).slice(0, 30)} ${fault ?? 'is accepted'}`, () =>
      assert.equal(faultOfName(name), fault));
});

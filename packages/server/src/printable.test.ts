import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toPrintable, toPrintableJson, toPrintableLines } from './printable.ts';

const CASES: readonly (readonly [name: string, text: string, printed: string, json: string])[] = [
  ['a colour', 'a\u001b[31mb', 'a?[31mb', String.raw`"a\u001b[31mb"`],
  ['a control sequence of one byte', 'a\u009b2Jb', 'a?2Jb', String.raw`"a\u009b2Jb"`],
  ['a delete', 'a\u007fb', 'a?b', String.raw`"a\u007fb"`],
  ['a carriage return', 'a\rb', 'a?b', String.raw`"a\rb"`],
  ['a mark of direction', 'a\u202eb\u2066c\u200fd', 'a?b?c?d', String.raw`"a\u202eb\u2066c\u200fd"`],
  ['a line separator', 'a\u2028b\u2029c', 'a?b?c', String.raw`"a\u2028b\u2029c"`],
  [
    'letters of the world',
    '한국어 עברית \u{1f697} é',
    '한국어 עברית \u{1f697} é',
    '"한국어 עברית \u{1f697} é"',
  ],
];
for (const [name, text, printed, json] of CASES)
  void test(`${name} is printed without an effect`, () => {
    assert.equal(toPrintable(text), printed);
    assert.equal(toPrintableLines(`${text}\n`), `${printed}\n`);
    assert.equal(toPrintable('\n'), '?');
    assert.equal(toPrintableJson(text), json);
    assert.equal(JSON.parse(toPrintableJson(text)), text);
  });

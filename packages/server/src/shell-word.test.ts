import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { toShellWord } from './shell-word.ts';

for (const [text, word] of [
  ['/var/lib/keyfob', '/var/lib/keyfob'],
  ['owner@example', 'owner@example'],
  ['', "''"],
  ["o'hara", String.raw`'o'\''hara'`],
  ['$HOME `id`', "'$HOME `id`'"],
  ['~/data', "'~/data'"],
  // zsh reads the path of a program here.
  ['=ls', "'=ls'"],
  ['a\\b', String.raw`'a\b'`],
  ["two\nlines, o'hara\\", String.raw`$'two\012lines, o\'hara\\'`],
  ['a\u202eb', String.raw`$'a\342\200\256b'`],
  ['\u001b[31mred', String.raw`$'\033[31mred'`],
] as const)
  void test(`${JSON.stringify(text)} as a word of a shell`, () => {
    assert.equal(toShellWord(text), word);
    assert.equal(execFileSync('bash', ['-c', `printf %s ${word}`], { encoding: 'utf8' }), text);
  });

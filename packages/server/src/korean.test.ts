import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

const ROOT = import.meta.dirname;

/** A sentence in Korean as a source has it. */
const LITERAL = /\bko:\s*(?:'(?<plain>(?:[^'\\]|\\.)*)'|`(?<template>(?:[^`\\]|\\.)*)`)/g;
const HANGUL = /\p{Script=Hangul}/u;

/** Values of a template, and what is the same in every language: commands, settings, flags and files. */
const SAME = [/\$\{(?:[^{}]|\{[^{}]*\})*\}/g, /"[^"]*"/g, /--[a-z-]+/g, /[\w-]*[A-Z_./:=][\w./:=-]*/g];

const TWO_WORDS = /\b[a-z]{2,} [a-z]{2,}\b/;

/** What of a sentence is left to read, without values. */
const wordsOf = (text: string): string => SAME.reduce((rest, one) => rest.replaceAll(one, '·'), text);

const sources = readdirSync(ROOT, { recursive: true, encoding: 'utf8' }).filter(
  (name) => name.endsWith('.ts') && !name.endsWith('.test.ts'),
);

test('every sentence in Korean is Korean', () => {
  const found = sources.flatMap((name) =>
    [...readFileSync(join(ROOT, name), 'utf8').matchAll(LITERAL)].map(({ groups = {} }) => ({
      name,
      text: groups['plain'] ?? groups['template'] ?? '',
    })),
  );
  assert.ok(found.length > 100, String(found.length));
  const english = found.filter(({ text }) => {
    const words = wordsOf(text);
    return TWO_WORDS.test(words) || (/[a-z]{2}/i.test(words) && !HANGUL.test(words));
  });
  assert.deepEqual(english, []);
});

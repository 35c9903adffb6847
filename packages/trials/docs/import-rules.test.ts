import assert from 'node:assert/strict';
import { globSync } from 'node:fs';
import { test } from 'node:test';
import { readDocument, ROOT } from './documents.ts';

type Pattern = { readonly regex?: string; readonly group?: readonly string[] };
type Override = {
  readonly files: readonly string[];
  readonly rules: { readonly 'no-restricted-imports'?: 'off' | readonly ['error', { patterns: Pattern[] }] };
};

/** Each rule of which folder may import which: its files, and what they may not import. */
const RULES = (JSON.parse(readDocument('.oxlintrc.json')) as { overrides: Override[] }).overrides.flatMap(
  ({ files, rules: { 'no-restricted-imports': rule = 'off' } }) =>
    rule === 'off' ? [] : rule[1].patterns.map((pattern) => ({ files, pattern })),
);

/** How many folders deep the files of a rule are. */
const depthsOf = (files: readonly string[]): ReadonlySet<number> =>
  new Set(globSync([...files], { cwd: ROOT }).map((path) => path.split('/').length));

test('every rule of imports has files', () => {
  assert.ok(RULES.length > 20, String(RULES.length));
  assert.deepEqual(
    RULES.filter(({ files }) => depthsOf(files).size === 0),
    [],
  );
});

test('no rule of imports looks ahead or behind: the linter ignores such an expression and reports nothing', () => {
  assert.deepEqual(
    RULES.filter(({ pattern: { regex = '' } }) => /\(\?<?[=!]/.test(regex)),
    [],
  );
});

test('a rule that counts the folders to go up is for files of one depth', () => {
  const wrong = RULES.filter(
    ({ files, pattern: { group = [] } }) =>
      group.some((path) => /^!?\.\.\//.test(path)) && depthsOf(files).size > 1,
  );
  assert.deepEqual(wrong, []);
});

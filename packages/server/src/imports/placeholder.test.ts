import assert from 'node:assert/strict';
import { test } from 'node:test';
import { digestImportedToken } from '../tokens/imported-token.ts';
import { findHashedPlaceholder, findPlaceholder } from './placeholder.ts';

const PLACEHOLDERS: readonly (readonly [string, string])[] = [
  ['NULL', 'NULL'],
  ['null', 'NULL'],
  [' Null ', 'NULL'],
  ['\\N', '\\N'],
  ['#NAME?', '#NAME?'],
  ['#N/A', '#N/A'],
  ['########', '###'],
  ['1.23E+15', 'a number in scientific notation'],
  ['1,23E+15', 'a number in scientific notation'],
  ['1e+21', 'a number in scientific notation'],
  ['-4.5e-07', 'a number in scientific notation'],
  ['undefined', 'undefined'],
  ['None', 'None'],
  ['nan', 'NaN'],
  ['<NA>', '<NA>'],
  ['[object Object]', '[object Object]'],
];

for (const [value, name] of PLACEHOLDERS) {
  void test(`${JSON.stringify(value)} is a placeholder in every column`, () => {
    for (const field of ['client', 'subject', 'scope', 'refresh_token', 'expires_at', 'vehicles'] as const)
      assert.equal(findPlaceholder({ client: 'c', [field]: value }), `${field} is ${name}`);
  });
}

void test('values that only look like placeholders are values', () => {
  for (const value of [
    'nobody',
    'Nullmeyer',
    '12e4',
    '1E10',
    '#1',
    '##',
    'N',
    'no',
    'na',
    'E+15',
    'null@example.org',
  ])
    assert.equal(findPlaceholder({ subject: value }), undefined, value);
  assert.equal(findPlaceholder({ subject: null, expires_at: 5, vehicles: [] }), undefined);
});

void test('the digest of nothing or of a placeholder is known', () => {
  for (const text of ['', 'NULL', 'null', '\\N', 'None', 'NONE', 'undefined', 'nan', 'NaN'])
    assert.match(
      findHashedPlaceholder(digestImportedToken(text)) ?? '',
      /^refresh_token_sha256 is the SHA-256/,
    );
  assert.equal(findHashedPlaceholder(digestImportedToken('a token')), undefined);
});

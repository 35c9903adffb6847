import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hasScriptsAt, originsOf } from './script-origin.ts';

void test('the origin of a redirect URI has its scheme, host and port, and a scheme of an app has none', () => {
  assert.deepEqual(
    originsOf([
      'https://App.example/callback?keep=1',
      'https://app.example:8443/',
      'http://localhost:5173/callback',
      'http://127.0.0.1/callback',
      'com.example.app:/callback',
      'com.example.app://callback',
    ]),
    ['https://app.example', 'https://app.example:8443', 'http://localhost:5173', 'http://127.0.0.1'],
  );
});

const CASES: readonly (readonly ['public' | 'confidential' | 'resource-server', string, boolean])[] = [
  ['public', 'https://app.example', true],
  ['confidential', 'https://app.example', false],
  ['resource-server', 'https://app.example', false],
  ['public', 'http://app.example', false],
  ['public', 'https://app.example:8443', false],
  ['public', 'https://app.example.evil.example', false],
  ['public', 'null', false],
  ['public', '', false],
];
for (const [type, origin, expected] of CASES)
  void test(`scripts of ${JSON.stringify(origin)} ${expected ? 'may' : 'may not'} call a ${type} client`, () => {
    const redirectUris = ['https://app.example/callback', 'com.example.app:/callback'];
    assert.equal(hasScriptsAt({ type, redirectUris }, origin), expected);
  });

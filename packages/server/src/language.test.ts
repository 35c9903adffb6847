import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { pickLanguage } from './language.ts';

describe('The language of a page', () => {
  for (const [named, accept, expected] of [
    [undefined, undefined, 'en'],
    [undefined, 'ko', 'ko'],
    [undefined, 'ko-KR,ko;q=0.9,en;q=0.8', 'ko'],
    [undefined, 'en;q=0.1, ko;q=0.2', 'ko'],
    [undefined, 'de, fr', 'en'],
    [undefined, 'ko;q=0, en', 'en'],
    [undefined, '*', 'en'],
    [undefined, ',;q=,=', 'en'],
    ['ko', 'en', 'ko'],
    ['KO_kr', undefined, 'ko'],
    ['korean', 'en', 'en'],
    ['de', 'ko', 'ko'],
    ['', 'ko', 'ko'],
  ] as const) {
    test(`is ${expected} for lang ${named ?? 'none'} and Accept-Language ${accept ?? 'none'}`, () =>
      assert.equal(pickLanguage(named, accept), expected));
  }
});

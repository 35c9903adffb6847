import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { describeScope } from './permissions.ts';
import { TEXTS_EN } from './texts-en.ts';
import { TEXTS_KO } from './texts-ko.ts';
import { pickLanguage } from './texts.ts';

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

describe('The texts', () => {
  const pathsOf = (value: object, path = ''): readonly string[] =>
    Object.entries(value).flatMap(([name, entry]) =>
      typeof entry === 'object' ? pathsOf(entry as object, `${path}${name}.`) : [`${path}${name}`],
    );

  test('have the same entries in both languages', () => {
    assert.deepEqual([...pathsOf(TEXTS_KO)].sort(), [...pathsOf(TEXTS_EN)].sort());
  });

  test('distinguish what a client can see from what it can do, and show an unknown permission as it is', () => {
    assert.deepEqual(describeScope('read_odometer control_charge  read_moon control_moon', TEXTS_EN), {
      reads: ['Odometer', 'read_moon'],
      controls: ['Start and stop charging', 'control_moon'],
    });
    assert.deepEqual(describeScope('constructor', TEXTS_EN).reads, ['constructor']);
  });
});

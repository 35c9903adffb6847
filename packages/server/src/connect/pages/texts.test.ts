import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createDialectScopes } from '../../dialects/dialects.ts';
import { describeScope } from './permissions.ts';
import { TEXTS_EN } from './texts-en.ts';
import { TEXTS_KO } from './texts-ko.ts';

describe('The texts', () => {
  const pathsOf = (value: object, path = ''): readonly string[] =>
    Object.entries(value).flatMap(([name, entry]) =>
      typeof entry === 'object' ? pathsOf(entry as object, `${path}${name}.`) : [`${path}${name}`],
    );

  test('have the same entries in both languages', () => {
    assert.deepEqual([...pathsOf(TEXTS_KO)].sort(), [...pathsOf(TEXTS_EN)].sort());
  });
});

describe('The permissions of a grant', () => {
  const scopes = createDialectScopes();

  test('are what a client can see, apart from what it can do', () => {
    assert.deepEqual(describeScope({ scopes, language: 'en' }, 'smartcar', 'control_charge read_odometer'), {
      reads: ['Odometer'],
      controls: ['Start and stop charging'],
    });
    assert.deepEqual(describeScope({ scopes, language: 'ko' }, 'smartcar', 'control_charge read_odometer'), {
      reads: ['누적 주행거리'],
      controls: ['충전 시작 및 중지'],
    });
  });

  test('have the kind of the registry, whatever their names look like', () => {
    const text = { en: 'Where the car was', ko: '차량 이동 기록' };
    const trips = { name: 'control_trips', kind: 'read', text, dialects: ['oauth'] } as const;
    const declared = { scopes: createDialectScopes([trips]), language: 'en' } as const;
    assert.deepEqual(describeScope(declared, 'oauth', 'control_trips').reads, ['Where the car was']);
  });

  test('never look harmless where the registry lost them', () => {
    for (const name of ['read_moon', 'constructor'])
      assert.deepEqual(describeScope({ scopes, language: 'en' }, 'smartcar', name), {
        reads: [],
        controls: [name],
      });
  });
});

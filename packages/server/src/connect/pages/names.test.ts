import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { keepOnOneLine, nameClient, nameMake } from './names.ts';
import { TEXTS_EN } from './texts-en.ts';
import { TEXTS_KO } from './texts-ko.ts';

describe('Names', () => {
  test('of makes come from the texts; any other make is capitalized', () => {
    assert.equal(nameMake('kia', TEXTS_KO), '기아');
    assert.equal(nameMake('aston martin', TEXTS_EN), 'Aston Martin');
    assert.equal(nameMake('constructor', TEXTS_EN), 'Constructor');
  });

  test('of clients are their ids if they have no other', () => {
    assert.equal(nameClient({ name: 'Charge planner', id: 'c1' }), 'Charge planner');
    assert.equal(nameClient({ name: '', id: 'c1' }), 'c1');
  });

  test('stay on one line if they are short, and can wrap if they are long', () => {
    assert.equal(
      keepOnOneLine('a'.repeat(8) + ' ' + 'b'.repeat(9)),
      'a'.repeat(8) + '\u00A0' + 'b'.repeat(9),
    );
    assert.equal(keepOnOneLine('a'.repeat(9) + ' ' + 'b'.repeat(9)), 'a'.repeat(9) + ' ' + 'b'.repeat(9));
  });
});

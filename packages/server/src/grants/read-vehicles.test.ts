import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readVehicles } from './read-vehicles.ts';

const GIVEN = {
  id: '9e2c0502-36cd-5f62-a987-a4b4dde6d189',
  vin: 'KMHKM81A0RU104217',
  make: 'hyundai',
  model: 'IONIQ 5',
  year: 2024,
};
const OTHER = { ...GIVEN, id: '431df679-8708-5209-8aff-c32138260bf1', vin: 'KNDC3DLC9P5091462' };
const READ = { ...GIVEN, nickname: '', powertrain: 'UNKNOWN' };

const readOne = (more: object) => readVehicles([{ ...GIVEN, ...more }, OTHER]);

describe('A vehicle of others', () => {
  const ACCEPTED: readonly (readonly [string, object, object])[] = [
    ['without optional members', {}, {}],
    ['with null for every optional member', { model: null, nickname: null, powertrain: null }, { model: '' }],
    ['with a nickname', { nickname: ' Blue ' }, { nickname: 'Blue' }],
    ['with a nickname that is no text', { nickname: 7 }, {}],
    ['with a line break in its nickname', { nickname: 'a\nb' }, { nickname: 'a b' }],
    ['with a long nickname', { nickname: '🚗'.repeat(101) }, { nickname: '🚗'.repeat(100) }],
    ['with a known powertrain', { powertrain: 'EV' }, { powertrain: 'EV' }],
    ['with a known powertrain in lower case', { powertrain: 'ev' }, { powertrain: 'EV' }],
    ['with an unknown powertrain', { powertrain: 'PHEV' }, {}],
    ['with a powertrain that is no text', { powertrain: ['EV'] }, {}],
    ['with its year as text', { year: '2024' }, {}],
    ['of the first year', { year: 1886 }, { year: 1886 }],
    ['of the last year', { year: 2200 }, { year: 2200 }],
    ['in capitals', { id: GIVEN.id.toUpperCase(), make: 'HYUNDAI' }, {}],
    ['with its VIN in lower case', { vin: ' kmhkm81a0ru104217 ' }, {}],
    ['with members that nobody knows', { color: 'red' }, {}],
  ];
  for (const [name, more, changed] of ACCEPTED) {
    test(`${name} is read`, () => {
      const { vehicles, leftOut } = readOne(more);
      assert.deepEqual([vehicles[0], leftOut], [{ ...READ, ...changed }, []]);
      assert.equal(vehicles.length, 2);
    });
  }

  const LEFT_OUT: readonly (readonly [string, object])[] = [
    ['id', { id: undefined }],
    ['id', { id: 'x' }],
    ['vin', { vin: null }],
    ['vin', { vin: 'KMHKM81A0RU10421' }],
    ['vin', { vin: 'KMHKM81A0RU10421I' }],
    ['make', { make: null }],
    ['make', { make: 'm'.repeat(51) }],
    ['year', { year: null }],
    ['year', { year: '24' }],
    ['year', { year: 'MY2024' }],
    ['year', { year: 1885 }],
    ['year', { year: 2201 }],
    ['year', { year: 2024.5 }],
    ['contradictory', { vin: OTHER.vin }],
    ['contradictory', { id: OTHER.id }],
  ];
  for (const [cause, more] of LEFT_OUT) {
    test(`is left out for ${cause}: ${JSON.stringify(more)}`, () => {
      const { vehicles, leftOut } = readOne(more);
      const isPair = cause === 'contradictory';
      assert.equal(vehicles.length, isPair ? 0 : 1);
      assert.deepEqual(leftOut, isPair ? [0, 1].map((index) => ({ index, cause })) : [{ index: 0, cause }]);
    });
  }

  test('is left out if it is no object, and listed once if it is there twice', () => {
    const { vehicles, leftOut } = readVehicles([null, 'car', GIVEN, [], { ...GIVEN, model: 'again' }]);
    assert.deepEqual(vehicles, [READ]);
    assert.deepEqual(leftOut, [
      { index: 0, cause: 'object' },
      { index: 1, cause: 'object' },
      { index: 3, cause: 'id' },
      { index: 4, cause: 'repeated' },
    ]);
  });
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Refusal } from '../../errors.ts';
import type { WireRequest } from '../../wire/exchange.ts';
import { parseSelection, readVin, writeVehicles } from './vehicle-data.ts';
import { writeSelectionUrl } from './vehicle-selection.ts';

const STATE_MAX = 20;

const request = (more: Partial<WireRequest>): WireRequest => ({
  method: 'POST',
  path: '/v1/vehicles/selections',
  query: '',
  headers: { brand: 'kia' },
  body: Buffer.alloc(0),
  ...more,
});

const faultsOf = (read: () => unknown): readonly string[] => {
  try {
    read();
  } catch (error) {
    assert.ok(error instanceof Refusal && error.reason === 'parameters_wrong');
    return error.details.map(({ field }) => field);
  }
  return [];
};

const SELECTIONS: readonly (readonly [string, object, readonly string[]])[] = [
  ['state and language', { state: 'abc', lang: 'en' }, []],
  ['a language with a region', { state: 'abc', lang: 'ko-KR' }, []],
  ['unknown members', { state: 'abc', lang: 'en', more: 1 }, []],
  ['a state as long as it may be', { state: 'a'.repeat(STATE_MAX), lang: 'en' }, []],
  ['a state one longer', { state: 'a'.repeat(STATE_MAX + 1), lang: 'en' }, ['state']],
  ['half a surrogate pair in the state', { state: 'a\ud800', lang: 'en' }, ['state']],
  ['no state', { lang: 'en' }, ['state']],
  ['no language', { state: 'abc' }, ['lang']],
  ['neither', {}, ['state', 'lang']],
  ['empty ones', { state: '', lang: '' }, ['state', 'lang']],
  ['a number for a state', { state: 7, lang: 'en' }, ['state']],
  ['a language of one letter', { state: 'abc', lang: 'e' }, ['lang']],
  ['markup for a language', { state: 'abc', lang: 'en"><script>' }, ['lang']],
  ['both wrong', { state: 'a'.repeat(STATE_MAX + 1), lang: '?' }, ['state', 'lang']],
];

for (const [what, body, faults] of SELECTIONS)
  test(`a selection with ${what} is ${faults.length === 0 ? 'taken' : 'refused'}`, () => {
    const sent = request({ body: Buffer.from(JSON.stringify(body)) });
    assert.deepEqual(
      faultsOf(() => parseSelection(sent, STATE_MAX)),
      faults,
    );
  });

test('the URL of the page encodes its parameters', () => {
  const url = writeSelectionUrl('https://keyfob.example/cars', 'en', 'a+b/c&d');
  assert.equal(url, 'https://keyfob.example/cars/v1/vehicles/select-vehicle?lang=en&sessionId=a%2Bb%2Fc%26d');
});

const VINS: readonly (readonly [string, string | undefined])[] = [
  ['', undefined],
  ['other=1', undefined],
  ['vin=KMHL14001CA000001', 'KMHL14001CA000001'],
  ['vin=KMHL%31&other=1', 'KMHL1'],
];

for (const [query, vin] of VINS)
  test(`the withdrawal "${query}" is for ${vin ?? 'every vehicle'}`, () => {
    assert.equal(readVin(request({ query })), vin);
  });

for (const query of ['vin=', 'vin', 'vin=&other=1', 'vin=A&vin=B', 'vin=A&vin='])
  test(`the withdrawal "${query}" is refused, for what it is for would be a guess`, () => {
    assert.deepEqual(
      faultsOf(() => readVin(request({ query }))),
      ['vin'],
    );
  });

test('vehicles are written with the members of the page and no other', () => {
  const vehicle = {
    id: 'v',
    vin: 'KMH',
    make: 'kia',
    model: 'EV6',
    year: 2024,
    nickname: '',
    powertrain: 'EV',
  } as const;
  assert.deepEqual(writeVehicles([vehicle]), {
    vehicles: [{ vin: 'KMH', nickname: '', name: 'EV6', type: 'EV', sellname: 'EV6' }],
  });
  assert.deepEqual(writeVehicles([]), { vehicles: [] });
});

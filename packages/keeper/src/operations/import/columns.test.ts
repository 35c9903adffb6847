import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { pleos, smartcar } from '../../providers/vendors.ts';
import { recogniseColumns, rowOf } from './columns.ts';
import type { Mapping } from './columns.ts';

const credentials = { clientId: 'id', clientSecret: 'secret' };
const MAPPING: Mapping = {
  clients: { sc: smartcar(credentials), pl: pleos(credentials) },
  client: undefined,
  nameColumn: undefined,
  nowMs: Date.UTC(2026, 0, 1),
};

const rowFrom = (values: Record<string, unknown>, mapping: Mapping = MAPPING): unknown =>
  JSON.parse(JSON.stringify(rowOf(values, recogniseColumns(Object.keys(values), mapping), mapping)));

describe('tables of other programs are recognised', () => {
  const cases: readonly (readonly [string, Record<string, unknown>, unknown])[] = [
    [
      'a table of ours',
      { name: 'vin:1', client: 'pl', refresh_token: 'r', brand: 'kia' },
      { name: 'vin:1', client: 'pl', tokens: { refreshToken: 'r' }, params: { brand: 'kia' } },
    ],
    [
      'a table by user, with the provider instead of the client',
      { id: 7, user_id: 12, provider: 'Smartcar', accessToken: 'a', refreshToken: 'r' },
      { name: '12', client: 'sc', tokens: { accessToken: 'a', refreshToken: 'r' }, params: {} },
    ],
    [
      'a VIN is better than an id',
      { id: 7, VIN: 'KMH1', client: 'sc', refresh_token: 'r' },
      { name: 'KMH1', client: 'sc', tokens: { refreshToken: 'r' }, params: {} },
    ],
  ];
  for (const [name, values, expected] of cases) test(name, () => assert.deepEqual(rowFrom(values), expected));
});

test('what was not used is reported, and a column can be named', () => {
  const columns = ['car', 'refresh_token', 'colour'];
  assert.throws(() => recogniseColumns(columns, MAPPING), /no column has the names/);
  const recognised = recogniseColumns(columns, { ...MAPPING, nameColumn: 'car' });
  assert.deepEqual(
    [recognised.name, recognised.tokens, recognised.ignored],
    ['car', ['refresh_token'], ['colour']],
  );
});

test('a row without a client needs one, unless there is only one', () => {
  assert.throws(() => rowFrom({ name: 'a', refresh_token: 'r' }), /the row has no client/);
  assert.throws(() => rowFrom({ name: 'a', client: 'other', refresh_token: 'r' }), /not in the settings/);
  assert.ok(rowFrom({ name: 'a', refresh_token: 'r' }, { ...MAPPING, client: 'sc' }));
});

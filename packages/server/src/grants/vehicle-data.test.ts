import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  describeVehicleData,
  isAskedFor,
  readVehicleData,
  scopeOfAsked,
  scopeOfNarrowed,
  withoutTakenBack,
  writeVehicleData,
} from './vehicle-data.ts';
import type { NarrowedData, VehicleData } from './vehicle-data.ts';
import { ASKED_SCOPE, TRIPS_AND_CHARGE } from './vehicle-data.cases.ts';

const ID = '00000000-0000-4000-8000-000000000001';
const VIN = '1HGCM82633A004352';

test('vehicle data are the same after they were stored, with and without an end', () => {
  const endless: VehicleData = {
    ...TRIPS_AND_CHARGE,
    until: undefined,
    asked: { ...TRIPS_AND_CHARGE.asked, until: undefined, vehicles: [ID] },
  };
  const changed: VehicleData = {
    ...TRIPS_AND_CHARGE,
    shown: { language: 'ko', version: '0.1.0' },
    changes: [
      { atMs: 1_700_000_000_000, became: 'narrowed', data: ['trips'], until: undefined },
      { atMs: 1_700_000_000_001, became: 'extended', data: ['trips', 'charge'], until: 1_800_000_000 },
    ],
  };
  for (const one of [TRIPS_AND_CHARGE, endless, changed])
    assert.deepEqual(readVehicleData(writeVehicleData(one)), one);
});

for (const text of [
  '',
  '{}',
  '[]',
  'null',
  '{"data":[]}',
  writeVehicleData(TRIPS_AND_CHARGE).replace('until', 'end'),
])
  test(`what is no vehicle data is not read: ${text.slice(0, 20)}`, () => {
    assert.equal(readVehicleData(text), undefined);
  });

test('data that the owner took back takes its scopes along, except those that other data gives', () => {
  assert.equal(scopeOfAsked(TRIPS_AND_CHARGE.asked), ASKED_SCOPE);
  const scope = `${ASKED_SCOPE} control_charge`;
  const left = (...data: readonly string[]): string => withoutTakenBack(scope, { ...TRIPS_AND_CHARGE, data });
  assert.equal(left('trips', 'charge'), scope);
  assert.equal(left('charge'), 'read_odometer read_charge control_charge');
  assert.equal(left('trips'), 'read_odometer read_location control_charge');
  assert.equal(left(), 'control_charge');
});

test('authorization details name the data that the scope of a token gives in full', () => {
  const detail = { type: 'vehicle_data', vehicles: [ID], purpose: TRIPS_AND_CHARGE.purpose };
  const describe = (scope: string) => describeVehicleData(TRIPS_AND_CHARGE, scope, [{ id: ID }]);
  assert.deepEqual(describe(ASKED_SCOPE), [{ ...detail, data: ['trips', 'charge'], until: 1_800_000_000 }]);
  assert.deepEqual(describe('read_charge read_odometer')[0].data, ['charge']);
  assert.deepEqual(describe('read_charge')[0].data, []);
  assert.equal('until' in describeVehicleData({ ...TRIPS_AND_CHARGE, until: undefined }, '', [])[0], false);
});

const grant = { vehicleData: TRIPS_AND_CHARGE, scope: ASKED_SCOPE };
const rows: readonly (readonly [string, NarrowedData, string | undefined])[] = [
  ['nothing less', {}, ASKED_SCOPE],
  ['one of two', { data: ['charge'] }, 'read_odometer read_charge'],
  ['the same purpose', { purpose: TRIPS_AND_CHARGE.purpose }, ASKED_SCOPE],
  ['the same end', { until: 1_800_000_000 }, ASKED_SCOPE],
  ['other data', { data: ['charge', 'doors'] }, undefined],
  ['another purpose', { purpose: 'Advertise' }, undefined],
  ['a later end', { until: 1_800_000_001 }, undefined],
  ['some vehicles', { vehicles: [ID] }, undefined],
];
for (const [name, narrowed, scope] of rows)
  test(`a token request for ${name} gets ${scope ?? 'nothing'}`, () => {
    assert.equal(scopeOfNarrowed(grant, narrowed), scope);
  });

test('a grant of scopes alone has nothing that can be narrowed', () => {
  assert.equal(scopeOfNarrowed({ scope: ASKED_SCOPE }, {}), undefined);
});

test('a vehicle is asked for by its id, by its VIN in any case, or by no name', () => {
  const askedFor = (vehicles: readonly string[] | undefined) =>
    isAskedFor({ id: ID, vin: VIN }, { asked: { ...TRIPS_AND_CHARGE.asked, vehicles } });
  assert.deepEqual(
    [askedFor(undefined), askedFor([ID]), askedFor([VIN.toLowerCase()]), askedFor(['other'])],
    [true, true, true, false],
  );
  assert.equal(isAskedFor({ id: ID, vin: VIN }, undefined), true);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decideVehicleData } from './decide-vehicle-data.ts';
import type { VehicleDataChoice } from './decide-vehicle-data.ts';
import type { Grant } from './grant.ts';
import { GRANT } from './judge.cases.ts';
import { TRIPS_AND_CHARGE } from './vehicle-data.cases.ts';
import { CHANGES_MAX } from './vehicle-data.ts';

const UNTIL = 1_800_000_000;
const NARROW: Grant = {
  ...GRANT,
  vehicleData: { ...TRIPS_AND_CHARGE, data: ['charge'], until: UNTIL - 1000 },
};
const AT = { nowMs: (UNTIL - 5000) * 1000, requestId: 'request-1' };

const rows: readonly (readonly [string, VehicleDataChoice, string])[] = [
  ['less time', { data: ['charge'], until: UNTIL - 2000 }, 'narrowed'],
  ['more data', { data: ['trips', 'charge'], until: UNTIL - 1000 }, 'extended'],
  ['as long as was asked', { data: ['charge'], until: undefined }, 'extended'],
  ['other data of those that were asked for', { data: ['trips'], until: UNTIL - 1000 }, 'extended'],
  ['what it was', { data: ['charge'], until: UNTIL - 1000 }, 'unchanged'],
  ['longer than was asked', { data: ['charge'], until: UNTIL + 1 }, 'not_asked'],
  ['data that was not asked for', { data: ['charge', 'doors'], until: UNTIL }, 'not_asked'],
  ['no data', { data: [], until: UNTIL }, 'not_asked'],
  ['a moment that has passed', { data: ['charge'], until: UNTIL - 5000 }, 'not_asked'],
];
for (const [name, choice, expected] of rows)
  test(`an owner who chooses ${name}: ${expected}`, () => {
    const decision = decideVehicleData(NARROW, choice, AT);
    if (typeof decision === 'string') return assert.equal(decision, expected);
    const [{ kind, cause, requestId } = {}] = decision.grantEvents;
    assert.deepEqual([kind, cause, requestId], ['vehicle_data.changed', expected, 'request-1']);
    const { vehicleData } = decision.grant;
    assert.deepEqual([vehicleData?.data, vehicleData?.until], [choice.data, choice.until ?? UNTIL]);
    assert.deepEqual(vehicleData?.asked, TRIPS_AND_CHARGE.asked);
  });

test('the newest changes stay with the grant, each with what it allowed since', () => {
  let grant = NARROW;
  for (let round = 0; round < CHANGES_MAX + 3; round++) {
    const nowMs = AT.nowMs + round;
    const decision = decideVehicleData(
      grant,
      { data: round % 2 === 0 ? ['trips'] : ['charge'], until: UNTIL - 1000 },
      { ...AT, nowMs },
    );
    assert.ok(typeof decision !== 'string');
    grant = { ...grant, ...decision.grant };
  }
  const { changes = [] } = grant.vehicleData ?? {};
  assert.equal(changes.length, CHANGES_MAX);
  assert.deepEqual(changes.at(-1), {
    atMs: AT.nowMs + CHANGES_MAX + 2,
    became: 'extended',
    data: ['trips'],
    until: UNTIL - 1000,
  });
  assert.equal(changes[0]?.atMs, AT.nowMs + 3);
});

test('a grant that has ended, or is of scopes alone, is not changed', () => {
  const choice = { data: ['charge'], until: undefined };
  assert.equal(decideVehicleData(undefined, choice, AT), 'unknown');
  assert.equal(decideVehicleData(GRANT, choice, AT), 'unknown');
  assert.equal(decideVehicleData(NARROW, choice, { ...AT, nowMs: (UNTIL - 1000) * 1000 }), 'ended');
  const revocation = { atMs: AT.nowMs, cause: 'owner' } as const;
  assert.equal(decideVehicleData({ ...NARROW, revocation }, choice, AT), 'ended');
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { decideWithdrawal } from './decide-withdrawal.ts';
import type { CoveringGrant, Sharing, Withdrawal } from './decide-withdrawal.ts';
import type { Grant } from './grant.ts';
import type { Vehicle } from './vehicle.ts';

const NOW_MS = 1_750_000_000_000;
const AUDIT = { nowMs: NOW_MS, requestId: 'request-1' };
const SHARING: Sharing = { subject: 'owner-1', clientId: 'client-a', brand: 'kia' };

const vehicle = (id: string): Vehicle => ({
  id,
  vin: `vin-${id}`,
  make: 'kia',
  model: 'EV6',
  year: 2024,
  nickname: '',
  powertrain: 'EV',
});
const [ONE, TWO] = [vehicle('one'), vehicle('two')];

const covering = (id: bigint, vehicles: readonly Vehicle[], more: Partial<Grant> = {}): CoveringGrant => ({
  grant: {
    id,
    ...SHARING,
    scope: '',
    createdAtMs: NOW_MS - 1000,
    generation: 0,
    keyNumber: 1,
    rotatedAtMs: [],
    rotatedBy: undefined,
    useDigest: undefined,
    revocation: undefined,
    ...more,
  },
  vehicles,
});

const ALL: Withdrawal = { sharing: SHARING, vehicleId: undefined, endsWhenEmpty: true };
const ONLY_ONE: Withdrawal = { ...ALL, vehicleId: 'one' };

/** What is decided: ids, what ends, what is disconnected, what stays covered, and the kinds and causes of the events. */
const decide = (candidates: readonly CoveringGrant[], withdrawal: Withdrawal) =>
  decideWithdrawal(candidates, withdrawal, AUDIT).map(
    ({ grant, isRevoked, disconnected, covered, grantEvents }) => [
      grant.id,
      isRevoked ? grant.revocation?.cause : 'active',
      disconnected.map(({ id }) => id).join(),
      covered.map(({ id }) => id).join(),
      grantEvents.map(({ kind, cause, vins }) => [kind, cause, vins.join()].join(' ').trim()).join('; '),
    ],
  );

describe('A withdrawal', () => {
  test('of all access revokes every active grant of the sharing, with one event each', () => {
    assert.deepEqual(decide([covering(1n, [ONE]), covering(2n, [TWO, ONE])], ALL), [
      [1n, 'owner', '', 'one', 'grant.revoked owner vin-one'],
      [2n, 'owner', '', 'two,one', 'grant.revoked owner vin-two,vin-one'],
    ]);
  });

  test('changes no grant of another owner, client or brand, and none that was ended for good', () => {
    const others = [
      covering(1n, [ONE], { subject: 'owner-2' }),
      covering(2n, [ONE], { clientId: 'client-b' }),
      covering(3n, [ONE], { brand: 'hyundai' }),
      covering(4n, [ONE], { brand: undefined }),
      ...(['owner', 'client', 'disconnected'] as const).map((cause, index) =>
        covering(BigInt(5 + index), [ONE], { revocation: { atMs: NOW_MS - 1, cause } }),
      ),
    ];
    for (const withdrawal of [ALL, ONLY_ONE]) assert.deepEqual(decide(others, withdrawal), []);
  });

  test('of a vehicle takes it out of every grant, and ends those without another vehicle', () => {
    const grants = [covering(1n, [ONE, TWO]), covering(2n, [ONE]), covering(3n, [TWO]), covering(4n, [])];
    assert.deepEqual(decide(grants, ONLY_ONE), [
      [1n, 'active', 'one', 'two', 'vehicles.disconnected  vin-one'],
      [2n, 'disconnected', 'one', '', 'vehicles.disconnected  vin-one; grant.revoked disconnected'],
    ]);
  });

  test('of a vehicle also takes it from a grant that a replay has revoked, whose access tokens may still run out', () => {
    const revocation = { atMs: NOW_MS - 1, cause: 'replay' } as const;
    const grants = [covering(1n, [ONE, TWO], { revocation }), covering(2n, [ONE], { revocation })];
    assert.deepEqual(decide(grants, ONLY_ONE), [
      [1n, 'active', 'one', 'two', 'vehicles.disconnected  vin-one'],
      [2n, 'disconnected', 'one', '', 'vehicles.disconnected  vin-one; grant.revoked disconnected'],
    ]);
    const [, last] = decideWithdrawal(grants, ONLY_ONE, AUDIT);
    assert.equal(last?.grant.revocation?.atMs, revocation.atMs);
  });

  test('also takes back what an operator has stopped, so that putting it back opens nothing', () => {
    const revocation = { atMs: NOW_MS - 1, cause: 'operator' } as const;
    const grants = [covering(1n, [ONE, TWO], { revocation }), covering(2n, [ONE], { revocation })];
    assert.deepEqual(
      decideWithdrawal(grants, ALL, AUDIT).map(({ grant }) => grant.revocation),
      [1, 2].map(() => ({ atMs: revocation.atMs, cause: 'owner' })),
    );
    assert.deepEqual(
      decideWithdrawal(grants, ONLY_ONE, AUDIT).map(({ grant, covered }) => [
        grant.revocation?.cause,
        covered.length,
      ]),
      [
        ['operator', 1],
        ['disconnected', 0],
      ],
    );
  });

  test('of the last vehicle keeps the grant where owners choose vehicles again', () => {
    assert.deepEqual(decide([covering(2n, [ONE])], { ...ONLY_ONE, endsWhenEmpty: false }), [
      [2n, 'active', 'one', '', 'vehicles.disconnected  vin-one'],
    ]);
  });
});

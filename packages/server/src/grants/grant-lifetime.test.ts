import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Seconds } from '../clock.ts';
import { agreedSecondsOf, grantLifetimeOf } from './grant-lifetime.ts';
import type { Grant } from './grant.ts';
import { judge } from './judge.ts';
import { GENERATION, GRANT, POLICY, present } from './judge.cases.ts';
import { accessExpiresAt, hasEndedBefore, isAccessOver, standingOf } from './standing.ts';
import { TRIPS_AND_CHARGE } from './vehicle-data.cases.ts';

const BEGAN_AT = 1_750_000_000;
/** A grant that its owner agreed to for this long. */
const lasting = (seconds: Seconds | undefined): Grant => ({
  ...GRANT,
  rotatedAtMs: [(BEGAN_AT + 900) * 1000],
  vehicleData: { ...TRIPS_AND_CHARGE, until: seconds === undefined ? undefined : BEGAN_AT + seconds },
});
const at = (seconds: number) => ({ nowMs: (BEGAN_AT + seconds) * 1000, doubt: undefined });
const WITH_LIMIT = { ...POLICY, grantLifetimeSeconds: 2000 };

const refreshAt = (seconds: number) =>
  judge(lasting(1000), present(GENERATION), at(seconds), { ...POLICY, rotation: 'none' });

const refreshFor = (...data: readonly string[]) =>
  judge(
    { ...lasting(1000), scope: 'read_odometer read_location read_charge' },
    present(GENERATION, { narrowed: { data } }),
    at(950),
    { ...POLICY, grantScope: 'read_odometer read_location read_charge' },
  );

test('a grant lasts as its policy has it or as its owner agreed, whichever is less', () => {
  assert.equal(grantLifetimeOf(GRANT, POLICY), null);
  assert.equal(grantLifetimeOf(lasting(undefined), POLICY), null);
  assert.equal(grantLifetimeOf(lasting(undefined), WITH_LIMIT), 2000);
  assert.equal(grantLifetimeOf(lasting(1000), POLICY), 1000);
  assert.equal(grantLifetimeOf(lasting(1000), WITH_LIMIT), 1000);
  assert.equal(grantLifetimeOf(lasting(3000), WITH_LIMIT), 2000);
  assert.equal(agreedSecondsOf(lasting(-5)), 0);
});

test('the refresh token of a grant ends with the moment that its owner agreed to, by a reason of its own', () => {
  assert.deepEqual(refreshAt(999), { kind: 'repeat', cause: 'not_rotated' });
  assert.deepEqual(refreshAt(1000), { kind: 'refuse', reason: 'until_passed' });
});

test('a clock in doubt does not end a grant', () => {
  const doubt = { byMs: 10_000, beforeMs: (BEGAN_AT + 950) * 1000 };
  const verdict = judge(lasting(1000), present(GENERATION), { ...at(1005), doubt }, POLICY);
  assert.equal(verdict.kind, 'rotate');
  assert.equal(standingOf(lasting(1000), POLICY, { ...at(1005), doubt }).status, 'in_doubt');
});

test('no access token outlives the moment, and lists show it', () => {
  const grant = lasting(1000);
  assert.equal(accessExpiresAt(grant, POLICY, BEGAN_AT + 950), BEGAN_AT + 1000);
  assert.equal(isAccessOver(grant, POLICY, BEGAN_AT + 950, at(999)), false);
  assert.equal(isAccessOver(grant, POLICY, BEGAN_AT + 950, at(1000)), true);
  const { status, grantExpiresAt } = standingOf(grant, POLICY, at(1000));
  assert.deepEqual([status, grantExpiresAt], ['expired', BEGAN_AT + 1000]);
  assert.equal(hasEndedBefore(grant, POLICY, (BEGAN_AT + 1001) * 1000), true);
});

test('a refresh that asks for other data than the grant has is refused, and changes nothing', () => {
  assert.equal(refreshFor('charge').kind, 'rotate');
  assert.deepEqual(refreshFor('doors'), { kind: 'refuse', reason: 'details_not_allowed' });
});

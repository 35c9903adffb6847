import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Client } from '../clients/client.ts';
import { REVOCATION_CAUSES } from '../grants/grant.ts';
import type { Grant } from '../grants/grant.ts';
import { GRANT, POLICY } from '../grants/judge.cases.ts';
import { TRIPS_AND_CHARGE } from '../grants/vehicle-data.cases.ts';
import { consentRecordOf } from './consent-record.ts';

const CLIENT: Client = {
  id: 'client-a',
  dialect: 'oauth',
  type: 'confidential',
  name: 'Kilometre insurance',
  redirectUris: [],
  consentRedirectUri: undefined,
  policy: { ...POLICY, refreshTokenLifetimeSeconds: 365 * 86_400 },
  createdAtMs: 0,
  disabledAtMs: undefined,
  secrets: [],
};
const [AT_MS = 0] = GRANT.rotatedAtMs.slice(-1);

const recordOf = (grant: Partial<Grant>, { nowMs = AT_MS, keptSinceMs = 0, client = CLIENT } = {}) =>
  consentRecordOf(
    { grant: { ...GRANT, ...grant }, client, vehicles: [], grantEvents: [], hasOlder: false },
    { now: { nowMs, doubt: undefined }, keptSinceMs },
  );

test('the record says who ended a consent, as far as that is known', () => {
  const by = Object.fromEntries(
    REVOCATION_CAUSES.map((cause) => [cause, recordOf({ revocation: { atMs: AT_MS, cause } }).ended?.by]),
  );
  assert.deepEqual(by, {
    operator: 'operator',
    replay: 'server',
    code_replay: 'server',
    client: 'client',
    owner: 'owner',
    disconnected: null,
  });
});

test('a consent whose moment has passed ended by time, and says why', () => {
  const until = Math.floor(AT_MS / 1000) + 100;
  const vehicleData = { ...TRIPS_AND_CHARGE, until };
  assert.equal(recordOf({ vehicleData }).ended, null);
  assert.deepEqual(recordOf({ vehicleData }, { nowMs: (until + 1) * 1000 }).ended, {
    at: new Date(until * 1000).toISOString(),
    by: 'time',
    cause: 'until_passed',
  });
  const late = AT_MS + 366 * 86_400_000;
  assert.equal(recordOf({}, { nowMs: late }).ended?.cause, 'expired');
});

test('uses from before the retention are left out, and unknown ones', () => {
  const rotatedAtMs = [0, AT_MS - 5000, AT_MS - 1000];
  const { access } = recordOf({ rotatedAtMs }, { keptSinceMs: AT_MS - 1000 });
  assert.deepEqual(access.tokensIssuedAt, [new Date(AT_MS - 1000).toISOString()]);
  assert.equal(access.isEveryUseStored, true);
  const never = { ...CLIENT, policy: { ...CLIENT.policy, rotation: 'none' } } as const;
  assert.equal(recordOf({}, { client: never }).access.isEveryUseStored, false);
});

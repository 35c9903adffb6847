import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Client } from '../clients/client.ts';
import type { Policy } from '../clients/policy.ts';
import type { Grant } from '../grants/grant.ts';
import type { Vehicle } from '../grants/vehicle.ts';
import { describeShared, groupActive, listEnded } from './shared-access.ts';
import type { OwnersGrant } from './shared-access.ts';

const NOW_MS = 1_750_000_000_000;
const HOUR_MS = 3_600_000;
const NOW = { nowMs: NOW_MS, doubt: undefined };

const POLICY: Policy = {
  refreshTokenLifetimeSeconds: 5_184_000,
  accessTokenLifetimeSeconds: 7200,
  rotation: 'strict',
  overlapSeconds: 0,
  raceSeconds: 10,
  onReplay: 'revoke',
  onReplayAccessTokens: 'end',
  grantLifetimeSeconds: null,
  resyncGenerations: 16,
  requireUserAgent: false,
  includeRefreshExpiry: false,
  clientAuthentication: 'both',
  accessTokenFormat: 'opaque',
  grantScope: 'read_odometer read_location read_vin',
  clientCredentials: false,
};

const clientOf = (id: string, policy: Partial<Policy> = {}): Client => ({
  id,
  dialect: 'oauth',
  type: 'confidential',
  name: id,
  redirectUris: [],
  consentRedirectUri: undefined,
  policy: { ...POLICY, ...policy },
  createdAtMs: 0,
  disabledAtMs: undefined,
  secrets: [],
});
const A = clientOf('a');
const B = clientOf('b');
const JWT = clientOf('jwt', { accessTokenFormat: 'jwt' });

const grantOf = (client: Client, id: bigint, more: Partial<Grant> = {}): OwnersGrant => ({
  client,
  grant: {
    id,
    clientId: client.id,
    subject: 'owner-1',
    scope: 'read_odometer',
    brand: undefined,
    createdAtMs: NOW_MS - 10 * HOUR_MS,
    generation: 0,
    keyNumber: 1,
    rotatedAtMs: [],
    rotatedBy: undefined,
    useDigest: undefined,
    revocation: undefined,
    ...more,
  },
});

const vehicle = (id: string, nickname = ''): Vehicle => ({
  id,
  vin: `vin-${id}`,
  make: 'kia',
  model: 'EV6',
  year: 2024,
  nickname,
  powertrain: 'EV',
});

const endedAt = (atMs: number) => ({ revocation: { atMs, cause: 'owner' as const } });
const idsOf = (groups: readonly (readonly OwnersGrant[])[]) =>
  groups.map((group) => group.map(({ grant: { id } }) => id));

describe('What an owner shares', () => {
  test('is one per client and brand, the newest consent first, without what has ended', () => {
    const grants = [
      grantOf(A, 1n, { createdAtMs: NOW_MS - 9 * HOUR_MS }),
      grantOf(B, 2n, { createdAtMs: NOW_MS - 3 * HOUR_MS }),
      grantOf(A, 3n, { createdAtMs: NOW_MS - 2 * HOUR_MS }),
      grantOf(A, 4n, { brand: 'kia', createdAtMs: NOW_MS - HOUR_MS }),
      grantOf(A, 5n, endedAt(NOW_MS - 1)),
      grantOf(B, 6n, { createdAtMs: NOW_MS - 5_184_000_000 - HOUR_MS }),
    ];
    assert.deepEqual(idsOf(groupActive(grants, NOW)), [[4n], [3n, 1n], [2n]]);
  });

  test('has a grant that only a doubt about the clock has ended', () => {
    const grants = [grantOf(A, 1n)];
    const lifetimeMs = POLICY.refreshTokenLifetimeSeconds * 1000;
    const nowMs = NOW_MS + lifetimeMs;
    assert.deepEqual(idsOf(groupActive(grants, { nowMs, doubt: undefined })), []);
    const doubt = { beforeMs: nowMs, byMs: lifetimeMs };
    assert.deepEqual(idsOf(groupActive(grants, { nowMs, doubt })), [[1n]]);
  });

  test('has the permissions and vehicles of all its grants, the first consent and the last use', () => {
    const first = grantOf(A, 1n, {
      scope: 'read_vin read_odometer',
      createdAtMs: NOW_MS - 9 * HOUR_MS,
      generation: 3,
      rotatedAtMs: [NOW_MS - HOUR_MS],
    });
    const second = grantOf(A, 2n, {
      scope: 'read_odometer read_location',
      createdAtMs: NOW_MS - 2 * HOUR_MS,
    });
    const shared = describeShared(
      A,
      [
        { grant: second.grant, vehicles: [vehicle('x', 'Blue'), vehicle('y')] },
        { grant: first.grant, vehicles: [vehicle('x', 'old name'), vehicle('z')] },
      ],
      { ...NOW, endsWhenEmpty: true },
    );
    assert.equal(shared.canRemoveVehicle, true);
    assert.equal(shared.scope, 'read_odometer read_location read_vin');
    assert.deepEqual(
      shared.vehicles.map(({ id, nickname }) => [id, nickname]),
      [
        ['x', 'Blue'],
        ['y', ''],
        ['z', ''],
      ],
    );
    assert.deepEqual([shared.sinceMs, shared.lastUsedAtMs], [NOW_MS - 9 * HOUR_MS, NOW_MS - HOUR_MS]);
    assert.equal(shared.offlineUntilMs, undefined);
  });

  test('has no last use if the client does not rotate', () => {
    const client = clientOf('c', { rotation: 'none' });
    const covering = [{ grant: grantOf(client, 1n).grant, vehicles: [vehicle('x')] }];
    const shared = describeShared(client, covering, { ...NOW, endsWhenEmpty: true });
    assert.equal(shared.lastUsedAtMs, undefined);
  });

  test('has no last use if the client gets tokens for one of the grants without a refresh', () => {
    const client = clientOf('c', { personalGrant: '0000000000000002' });
    const lastUseOf = (...ids: readonly bigint[]) => {
      const covering = ids.map((id) => ({ grant: grantOf(client, id).grant, vehicles: [vehicle('x')] }));
      return describeShared(client, covering, { ...NOW, endsWhenEmpty: true }).lastUsedAtMs;
    };
    assert.equal(lastUseOf(1n), NOW_MS - 10 * HOUR_MS);
    assert.equal(lastUseOf(1n, 2n), undefined);
  });

  test('offers to remove its only vehicle where the access goes on without one', () => {
    const covering = [{ grant: grantOf(A, 1n).grant, vehicles: [vehicle('x')] }];
    for (const endsWhenEmpty of [true, false]) {
      const { canRemoveVehicle } = describeShared(A, covering, { ...NOW, endsWhenEmpty });
      assert.equal(canRemoveVehicle, !endsWhenEmpty);
    }
  });

  test('says until when JWTs are accepted that are issued now, at most as long as the grant', () => {
    const covering = [{ grant: grantOf(JWT, 1n).grant, vehicles: [] }];
    const now = { ...NOW, endsWhenEmpty: true };
    assert.equal(describeShared(JWT, covering, now).offlineUntilMs, NOW_MS + 7_200_000);
    const ending = clientOf('e', { accessTokenFormat: 'jwt', grantLifetimeSeconds: 10 * 3600 + 60 });
    assert.equal(describeShared(ending, covering, now).offlineUntilMs, NOW_MS + 60_000);
  });
});

describe('What an owner ended', () => {
  test('is listed while a JWT of it may be accepted, the last one per client and brand', () => {
    const grants = [
      grantOf(JWT, 1n, endedAt(NOW_MS - 2 * HOUR_MS + 1000)),
      grantOf(JWT, 2n, endedAt(NOW_MS - HOUR_MS)),
      grantOf(JWT, 3n, { brand: 'kia', ...endedAt(NOW_MS - 2 * HOUR_MS) }),
      grantOf(A, 4n, endedAt(NOW_MS - 1)),
    ];
    assert.deepEqual(listEnded(grants, NOW), [
      {
        client: JWT,
        brand: undefined,
        endedAtMs: NOW_MS - HOUR_MS,
        worksUntilMs: NOW_MS + HOUR_MS,
        works: 'offline',
      },
    ]);
  });

  test('is listed while access tokens that a replay left run out', () => {
    const runningOut = clientOf('r', { onReplayAccessTokens: 'expire' });
    const replayed = { revocation: { atMs: NOW_MS - HOUR_MS, cause: 'replay' as const } };
    const grants = [grantOf(runningOut, 1n, replayed), grantOf(A, 2n, replayed)];
    assert.deepEqual(
      listEnded(grants, NOW).map(({ client, worksUntilMs, works }) => [client.id, worksUntilMs, works]),
      [['r', NOW_MS + HOUR_MS, 'everywhere']],
    );
    assert.deepEqual(listEnded([grantOf(runningOut, 1n, endedAt(NOW_MS - 1))], NOW), []);
  });

  test('is listed as long as a clock in doubt has not certainly ended it', () => {
    const grants = [grantOf(JWT, 1n, endedAt(NOW_MS - 3 * HOUR_MS))];
    const listedWith = (byMs: number): number =>
      listEnded(grants, { ...NOW, doubt: { beforeMs: NOW_MS, byMs } }).length;
    assert.deepEqual([listedWith(HOUR_MS), listedWith(HOUR_MS + 1000)], [0, 1]);
  });

  test('is not listed once the owner has consented again', () => {
    const grants = [grantOf(JWT, 1n, endedAt(NOW_MS - 1000)), grantOf(JWT, 2n)];
    assert.deepEqual(listEnded(grants, NOW), []);
  });
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Policy } from '../clients/policy.ts';
import type { Grant } from './grant.ts';
import { standingOf } from './standing.ts';

const GRANT: Grant = {
  id: 1n,
  clientId: 'client',
  subject: 'owner',
  scope: '',
  brand: undefined,
  createdAtMs: 1_000_000,
  generation: 1,
  keyNumber: 1,
  rotatedAtMs: [2_000_999],
  rotatedBy: undefined,
  useDigest: undefined,
  revocation: undefined,
};
const POLICY: Policy = {
  refreshTokenLifetimeSeconds: 100,
  accessTokenLifetimeSeconds: 10,
  rotation: 'overlap',
  overlapSeconds: 60,
  raceSeconds: 10,
  onReplay: 'revoke',
  onReplayAccessTokens: 'end',
  grantLifetimeSeconds: null,
  resyncGenerations: 0,
  requireUserAgent: false,
  includeRefreshExpiry: false,
  clientAuthentication: 'both',
  accessTokenFormat: 'opaque',
  clientCredentials: false,
};

test('a grant is active until its current refresh token expires', () => {
  const standing = standingOf(GRANT, POLICY, { nowMs: 2_099_999, doubt: undefined });
  assert.deepEqual(standing, {
    status: 'active',
    tokenExpiresAt: 2100,
    grantExpiresAt: null,
    expiresAt: 2100,
    endsAt: 2100,
  });
  assert.equal(standingOf(GRANT, POLICY, { nowMs: 2_100_000, doubt: undefined }).status, 'expired');
});

test('an absolute end comes first where it is sooner', () => {
  const policy = { ...POLICY, grantLifetimeSeconds: 1050 };
  const standing = standingOf(GRANT, policy, { nowMs: 2_049_999, doubt: undefined });
  assert.deepEqual(standing, {
    status: 'active',
    tokenExpiresAt: 2100,
    grantExpiresAt: 2050,
    expiresAt: 2050,
    endsAt: 2050,
  });
  assert.equal(standingOf(GRANT, policy, { nowMs: 2_050_000, doubt: undefined }).status, 'expired');
});

test('a revoked grant is revoked, and ended when it was revoked', () => {
  const revoked: Grant = { ...GRANT, revocation: { atMs: 2_010_000, cause: 'replay' } };
  const standing = standingOf(revoked, POLICY, { nowMs: 2_020_000, doubt: undefined });
  assert.equal(standing.status, 'revoked');
  assert.equal(standing.endsAt, 2010);
});

test('a grant that had expired before it was revoked ended when it expired', () => {
  const revoked: Grant = { ...GRANT, revocation: { atMs: 9_000_000, cause: 'operator' } };
  assert.equal(standingOf(revoked, POLICY, { nowMs: 9_000_000, doubt: undefined }).endsAt, 2100);
});

test('a grant that only a doubt about the clock has ended is in doubt, and not expired', () => {
  const policies = [POLICY, { ...POLICY, refreshTokenLifetimeSeconds: 9000, grantLifetimeSeconds: 1050 }];
  for (const policy of policies) {
    const at = (byMs: number) =>
      standingOf(GRANT, policy, { nowMs: 2_200_000, doubt: { beforeMs: 2_190_000, byMs } });
    assert.equal(at(200_000).status, 'in_doubt');
    assert.equal(at(10_000).status, 'expired');
  }
  const revoked: Grant = { ...GRANT, revocation: { atMs: 2_010_000, cause: 'replay' } };
  const now = { nowMs: 2_200_000, doubt: { beforeMs: 2_190_000, byMs: 200_000 } };
  assert.equal(standingOf(revoked, POLICY, now).status, 'revoked');
});

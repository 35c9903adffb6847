import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Policy } from '../clients/policy.ts';
import type { Grant } from './grant.ts';
import { standingOfToken } from './token-standing.ts';
import type { TokenStanding } from './token-standing.ts';

const CREATED = 1_750_000_000;
const at = (seconds: number): number => CREATED + seconds;

const POLICY: Policy = {
  refreshTokenLifetimeSeconds: 86_400,
  accessTokenLifetimeSeconds: 3600,
  rotation: 'overlap',
  overlapSeconds: 60,
  raceSeconds: 10,
  onReplay: 'revoke',
  onReplayAccessTokens: 'end',
  grantLifetimeSeconds: null,
  resyncGenerations: 1024,
  requireUserAgent: false,
  includeRefreshExpiry: false,
  clientAuthentication: 'both',
  accessTokenFormat: 'opaque',
  clientCredentials: false,
};

/** Of brand kia, refreshed 100, 120 and 130 seconds after it was made, the last a quarter past the second. */
const GRANT: Grant = {
  id: 42n,
  clientId: 'client-a',
  subject: 'owner-1',
  scope: 'read_charge',
  brand: 'kia',
  createdAtMs: CREATED * 1000,
  generation: 3,
  keyNumber: 1,
  rotatedAtMs: [at(100) * 1000, at(120) * 1000, at(130) * 1000 + 250],
  rotatedBy: undefined,
  useDigest: undefined,
  revocation: undefined,
};

const standing = (issuedAtMs: number | undefined, expiresAt: number | undefined): TokenStanding => ({
  issuedAtMs,
  expiresAt,
});

const CASES: readonly {
  readonly name: string;
  readonly generation: number;
  readonly seconds?: number;
  readonly policy?: Partial<Policy>;
  readonly grant?: Partial<Grant>;
  readonly expected: TokenStanding | undefined;
}[] = [
  { name: 'the current one', generation: 3, expected: standing(at(130) * 1000 + 250, at(86_530)) },
  {
    name: 'the first one before any refresh',
    generation: 0,
    grant: { generation: 0, rotatedAtMs: [] },
    expected: standing(at(0) * 1000, at(86_400)),
  },
  { name: 'the one before, in its overlap', generation: 2, expected: standing(at(120) * 1000, at(191)) },
  { name: 'the one before that', generation: 1, expected: standing(at(100) * 1000, at(180)) },
  { name: 'the very first, in its overlap', generation: 0, expected: standing(at(0) * 1000, at(160)) },
  { name: 'the very first, past its overlap', generation: 0, seconds: 160, expected: undefined },
  {
    name: 'one before where tokens rotate strictly',
    generation: 2,
    policy: { rotation: 'strict' },
    expected: undefined,
  },
  {
    name: 'the one before, until its successor is used',
    generation: 2,
    seconds: 5000,
    policy: { rotation: 'until-used' },
    expected: standing(at(120) * 1000, at(86_530)),
  },
  {
    name: 'the one before, until its successor is used or a limit is over',
    generation: 2,
    seconds: 5000,
    policy: { rotation: 'until-used', untilUsedSeconds: 7200 },
    expected: standing(at(120) * 1000, at(131 + 7200)),
  },
  {
    name: 'one whose issuing is no longer remembered',
    generation: 2,
    policy: { rotation: 'until-used' },
    grant: { rotatedAtMs: [at(130) * 1000] },
    expected: standing(undefined, at(86_530)),
  },
  {
    name: 'the current one of a grant that ends sooner',
    generation: 3,
    policy: { grantLifetimeSeconds: 600 },
    expected: standing(at(130) * 1000 + 250, at(600)),
  },
  { name: 'one that the store lost', generation: 5, expected: standing(undefined, undefined) },
  { name: 'one too far ahead', generation: 5, policy: { resyncGenerations: 1 }, expected: undefined },
  {
    name: 'that of a revoked grant',
    generation: 3,
    grant: { revocation: { atMs: at(1), cause: 'owner' } },
    expected: undefined,
  },
  { name: 'one past its life', generation: 3, seconds: 86_531, expected: undefined },
];

for (const { name, generation, seconds = 140, policy, grant, expected } of CASES) {
  void test(`of refresh tokens, ${name} stands as it would if it were used`, () => {
    const opened = { grantId: GRANT.id, generation };
    const found = standingOfToken(
      { ...GRANT, ...grant },
      opened,
      { nowMs: at(seconds) * 1000, doubt: undefined },
      {
        ...POLICY,
        ...policy,
      },
    );
    assert.deepEqual(found, expected);
  });
}

/** The clock jumped a day and a minute forward, ten seconds ago. */
const JUMPED = { beforeMs: at(86_600) * 1000, byMs: 86_460_000 };

for (const [name, generation, policy] of [
  ['a current token that only the jump ended', 3, {}],
  [
    'a grant that only the jump ended',
    3,
    { refreshTokenLifetimeSeconds: 999_999, grantLifetimeSeconds: 600 },
  ],
  ['an overlap that only the jump ended', 2, { refreshTokenLifetimeSeconds: 999_999 }],
] as const) {
  void test(`${name} would get new tokens`, () => {
    const now = { nowMs: at(86_610) * 1000, doubt: JUMPED };
    const found = standingOfToken(GRANT, { grantId: GRANT.id, generation }, now, { ...POLICY, ...policy });
    assert.notEqual(found, undefined);
  });
}

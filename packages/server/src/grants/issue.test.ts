import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeJwt } from 'jose';
import type { Policy } from '../clients/policy.ts';
import { StoreError } from '../errors.ts';
import { openAccessJwt } from '../tokens/access-jwt.ts';
import { openAccessToken } from '../tokens/access-token.ts';
import { base62Shape } from '../tokens/base-shapes.ts';
import { ringOf } from '../tokens/key-ring.cases.ts';
import { uuidV4Shape, withTail } from '../tokens/shape.ts';
import { openTokenId } from '../tokens/token-id.ts';
import type { Grant } from './grant.ts';
import { issueAlike, issueTokens } from './issue.ts';
import type { TokenAnswer } from './issue.ts';

const NOW = 1_750_000_000;
const ISSUER = 'https://fob.example';
const RING = ringOf(
  `1:seal:0:${'B'.repeat(42)}A`,
  `2:seal:0:${'C'.repeat(42)}A`,
  `3:sign:0:${'D'.repeat(42)}A`,
  `4:sign:${NOW - 600}:${'E'.repeat(42)}A`,
);
const SHAPES = { refreshToken: uuidV4Shape, accessToken: uuidV4Shape, code: uuidV4Shape };

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
  grantScope: 'read_charge control_charge',
  clientCredentials: false,
};

const GRANT: Grant = {
  id: 42n,
  clientId: 'client-a',
  subject: 'owner-1',
  scope: 'read_charge',
  brand: undefined,
  createdAtMs: (NOW - 100) * 1000,
  generation: 3,
  keyNumber: 1,
  rotatedAtMs: [NOW * 1000],
  rotatedBy: undefined,
  useDigest: undefined,
  revocation: undefined,
};

const issue = (policy: Partial<Policy>, issuer: string | undefined = ISSUER) =>
  issueTokens(
    { keyRing: RING, nextSerial: () => 7, issuer },
    SHAPES,
    GRANT,
    { ...POLICY, ...policy },
    NOW * 1000,
  );

test('an opaque pair of tokens is returned at once', () => {
  const answer = issue({});
  assert.ok(!(answer instanceof Promise));
  assert.deepEqual(openAccessToken(RING, uuidV4Shape, answer.accessToken), { grantId: 42n, issuedAt: NOW });
  assert.deepEqual([answer.expiresInSeconds, answer.refreshExpiresInSeconds], [3600, 86_400]);
});

test('a client that wants JWTs gets one, signed by the key that has been published long enough', async () => {
  const { accessToken, ...rest } = await issue({ accessTokenFormat: 'jwt' });
  const { accessToken: _opaque, ...same } = issue({}) as TokenAnswer;
  assert.deepEqual(rest, same);
  const opened = await openAccessJwt(RING, ISSUER, accessToken, NOW);
  assert.ok(typeof opened === 'object');
  assert.equal(opened.key.number, 3);
  const { jti, ...claims } = opened.claims;
  const times = { iat: NOW, exp: NOW + 3600 };
  const known = { iss: ISSUER, sub: 'owner-1', aud: ISSUER, client_id: 'client-a', scope: 'read_charge' };
  assert.deepEqual(claims, { ...known, ...times });
  assert.deepEqual(openTokenId(opened.key, jti), { kind: 'grant', grantId: 42n, issuedAt: NOW });
});

const AUDIENCES: readonly (readonly [string | undefined, string | readonly string[]])[] = [
  [undefined, ISSUER],
  ['', ISSUER],
  ['https://api.example', 'https://api.example'],
  ['https://api.example https://other.example', ['https://api.example', 'https://other.example']],
];

for (const [audience, aud] of AUDIENCES) {
  test(`a JWT of a client with the audience ${JSON.stringify(audience)} is for ${String(aud)}`, async () => {
    const { accessToken } = await issue({ accessTokenFormat: 'jwt', audience });
    assert.deepEqual(decodeJwt(accessToken).aud, aud);
  });
}

test('without an issuer, a token is opaque whatever the client wants', () => {
  const answer = issueTokens(
    { keyRing: RING, nextSerial: () => 7 },
    SHAPES,
    GRANT,
    { ...POLICY, accessTokenFormat: 'jwt' },
    NOW * 1000,
  );
  assert.ok(!(answer instanceof Promise));
});

test('no access token outlives its grant, and the answer says so', async () => {
  for (const accessTokenFormat of ['opaque', 'jwt'] as const) {
    const { expiresInSeconds } = await issue({ accessTokenFormat, grantLifetimeSeconds: 300 });
    assert.equal(expiresInSeconds, 200);
  }
  const { accessToken } = await issue({ accessTokenFormat: 'jwt', grantLifetimeSeconds: 300 });
  assert.equal(decodeJwt(accessToken).exp, NOW + 200);
});

test('a token that a clock in doubt may have ended is not answered as one that is over', async () => {
  const nowMs = (NOW + 100_000) * 1000;
  const doubt = { beforeMs: nowMs - 10_000, byMs: 100_000_000 };
  const policy = { ...POLICY, grantLifetimeSeconds: 90_000 };
  const [answer] = issueAlike(createIssuer(), [{ shapes: SHAPES, grant: GRANT, policy, nowMs, doubt }]);
  const { expiresInSeconds, refreshExpiresInSeconds } = (await answer) ?? {};
  assert.deepEqual([expiresInSeconds, refreshExpiresInSeconds], [3600, 86_390]);
});

test('a JWT is signed by the older key while a doubt about the clock may have published the newer one', async () => {
  const policy = { ...POLICY, accessTokenFormat: 'jwt' } as const;
  const nowMs = (NOW + 10) * 1000;
  const signedBy = async (byMs: number): Promise<number | undefined> => {
    const order = { shapes: SHAPES, grant: GRANT, policy, nowMs, doubt: { beforeMs: nowMs, byMs } };
    const { accessToken = '' } = (await issueAlike(createIssuer(), [order])[0]) ?? {};
    const opened = await openAccessJwt(RING, ISSUER, accessToken, NOW + 10);
    return typeof opened === 'object' ? opened.key.number : undefined;
  };
  assert.deepEqual([await signedBy(9000), await signedBy(10_000)], [4, 3]);
});

test('a ring that lacks the key of a grant is an outage', () => {
  const keyRing = ringOf(`2:seal:0:${'C'.repeat(42)}A`);
  const tokenIssuer = { keyRing, nextSerial: () => 7, issuer: ISSUER };
  assert.throws(() => issueTokens(tokenIssuer, SHAPES, GRANT, POLICY, NOW * 1000), StoreError);
});

const createIssuer = () => {
  let serial = 0;
  return { keyRing: RING, nextSerial: () => serial++, issuer: ISSUER };
};

test('tokens that are issued together are the same as one by one', async () => {
  const orders = [0, 1, 2, 3].map((generation) => ({
    shapes: SHAPES,
    grant: { ...GRANT, id: BigInt(40 + generation), generation },
    policy: { ...POLICY, accessTokenFormat: generation === 2 ? 'jwt' : 'opaque' } as const,
    nowMs: NOW * 1000 + generation * 1000,
    doubt: undefined,
  }));
  const alone = createIssuer();
  const oneByOne = orders.map((one) => issueTokens(alone, one.shapes, one.grant, one.policy, one.nowMs));
  assert.deepEqual(
    await Promise.all(issueAlike(createIssuer(), orders).map(withoutSignature)),
    await Promise.all(oneByOne.map(withoutSignature)),
  );
});

test('an opaque access token has the length of the policy, where the shape has a tail', async () => {
  const accessToken = withTail(base62Shape, { from: 36, maxCharacters: 64 });
  const lengthOf = async (policy: Partial<Policy>, shapes = { ...SHAPES, accessToken }): Promise<number> =>
    (await issueTokens(createIssuer(), shapes, GRANT, { ...POLICY, ...policy }, NOW * 1000)).accessToken
      .length;
  assert.equal(await lengthOf({}), 100);
  assert.equal(await lengthOf({ accessTokenLength: 40 }), 40);
  assert.equal(await lengthOf({ accessTokenLength: 40 }, SHAPES), 36);
});

/** Two signatures of the same JWT differ. */
const withoutSignature = async (answer: TokenAnswer | Promise<TokenAnswer>): Promise<TokenAnswer> => {
  const { accessToken, ...rest } = await answer;
  return { ...rest, accessToken: accessToken.split('.').slice(0, 2).join('.') };
};

const BROAD: Grant = { ...GRANT, scope: 'read_charge control_charge read_vin' };
const issueFor = async (scope: string | undefined, policy: Partial<Policy> = {}) => {
  const [answer] = issueAlike({ keyRing: RING, nextSerial: () => 7, issuer: ISSUER }, [
    {
      shapes: SHAPES,
      grant: BROAD,
      policy: { ...POLICY, ...policy },
      nowMs: NOW * 1000,
      doubt: undefined,
      scope,
    },
  ]);
  assert.ok(answer !== undefined);
  return answer;
};

test('an access token is for what the client is still allowed, and the answer says so', async () => {
  assert.equal((await issueFor(undefined)).scope, 'read_charge control_charge');
  const everything = { grantScope: BROAD.scope };
  assert.equal((await issueFor(undefined, everything)).scope, undefined);
  const { scope, accessToken } = await issueFor(undefined, { accessTokenFormat: 'jwt' });
  assert.equal(scope, 'read_charge control_charge');
  assert.equal(decodeJwt(accessToken)['scope'], scope);
});

test('an access token is for what a refresh asked for, in the order of the grant, and the answer says so', async () => {
  for (const accessTokenFormat of ['opaque', 'jwt'] as const)
    for (const [asked, scope] of [
      ['control_charge', 'control_charge'],
      ['control_charge read_charge', 'read_charge control_charge'],
      ['read_charge read_charge', 'read_charge'],
    ] as const) {
      const answer = await issueFor(asked, { accessTokenFormat });
      assert.equal(answer.scope, scope);
      if (accessTokenFormat === 'jwt') assert.equal(decodeJwt(answer.accessToken)['scope'], scope);
      else {
        const { selection } = openAccessToken(RING, uuidV4Shape, answer.accessToken) ?? {};
        assert.equal(selection, (scope.includes('read') ? 1 : 0) + (scope.includes('control') ? 2 : 0));
      }
    }
});

test('a request for all that was granted selects nothing', async () => {
  const { accessToken, scope } = await issueFor(BROAD.scope, { grantScope: BROAD.scope });
  assert.equal(scope, undefined);
  assert.deepEqual(openAccessToken(RING, uuidV4Shape, accessToken), { grantId: 42n, issuedAt: NOW });
});

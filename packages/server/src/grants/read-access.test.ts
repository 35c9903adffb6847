import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Client } from '../clients/client.ts';
import type { Policy } from '../clients/policy.ts';
import type { Now } from '../clock.ts';
import { StoreError } from '../errors.ts';
import { sealAccessToken } from '../tokens/access-token.ts';
import { signAccessJwt } from '../tokens/access-jwt.ts';
import { ringOf } from '../tokens/key-ring.cases.ts';
import { createKeyLine, withRegistrations } from '../tokens/key-ring.ts';
import type { RegisteredKey } from '../tokens/key-state.ts';
import { registrationOf } from '../tokens/key-store.ts';
import { sealRefreshToken } from '../tokens/refresh-token.ts';
import { base62Shape } from '../tokens/base-shapes.ts';
import { uuidV4Shape } from '../tokens/shape.ts';
import { sealTokenId } from '../tokens/token-id.ts';
import type { Grant } from './grant.ts';
import { judgeAccess } from './judge-access.ts';
import { readAccess } from './read-access.ts';
import type { AccessContext } from './read-access.ts';
import type { Store } from './store.ts';

const CREATED_AT = 1_750_000_000;
const ISSUED_AT = CREATED_AT + 1000;
const LIFETIME = 600;
const END_MS = (ISSUED_AT + LIFETIME) * 1000;

const POLICY: Policy = {
  refreshTokenLifetimeSeconds: 3600,
  accessTokenLifetimeSeconds: LIFETIME,
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
  grantScope: 'read_odometer',
  clientCredentials: false,
};

const CLIENT: Client = {
  id: 'client-a',
  dialect: 'smartcar',
  type: 'confidential',
  name: 'Charge planner',
  redirectUris: [],
  consentRedirectUri: undefined,
  policy: POLICY,
  createdAtMs: CREATED_AT * 1000,
  disabledAtMs: undefined,
  secrets: [],
};

const GRANT: Grant = {
  id: -42n,
  clientId: 'client-a',
  subject: 'owner-1',
  scope: 'read_odometer',
  brand: undefined,
  createdAtMs: CREATED_AT * 1000,
  generation: 5,
  keyNumber: 1,
  rotatedAtMs: [(ISSUED_AT + 1) * 1000],
  rotatedBy: undefined,
  useDigest: undefined,
  revocation: undefined,
};

const endsAfter = (grantLifetimeSeconds: number): Client => ({
  ...CLIENT,
  policy: { ...POLICY, grantLifetimeSeconds },
});
const revokedAt = (at: number): Grant => ({ ...GRANT, revocation: { atMs: at * 1000, cause: 'owner' } });

const REPLAYED: Grant = { ...GRANT, revocation: { atMs: ISSUED_AT * 1000, cause: 'replay' } };
const CODE_REPLAYED: Grant = { ...GRANT, revocation: { atMs: ISSUED_AT * 1000, cause: 'code_replay' } };
const RUNNING_OUT: Client = { ...CLIENT, policy: { ...POLICY, onReplayAccessTokens: 'expire' } };

/** A description, the grant, the client, the time in milliseconds, and the expected expiry in seconds. */
const CASES: readonly (readonly [string, Grant, Client, number, number | undefined])[] = [
  ['just issued', GRANT, CLIENT, ISSUED_AT * 1000, ISSUED_AT + LIFETIME],
  ['issued by a node whose clock is ahead', GRANT, CLIENT, ISSUED_AT * 1000 - 5000, ISSUED_AT + LIFETIME],
  ['issued a quarter of an hour from now', GRANT, CLIENT, ISSUED_AT * 1000 - 900_000, ISSUED_AT + LIFETIME],
  ['issued later than that', GRANT, CLIENT, ISSUED_AT * 1000 - 900_001, undefined],
  ['a millisecond before its expiry', GRANT, CLIENT, END_MS - 1, ISSUED_AT + LIFETIME],
  ['at its expiry', GRANT, CLIENT, END_MS, undefined],
  ['whose grant lasts longer', GRANT, endsAfter(5000), END_MS - 1, ISSUED_AT + LIFETIME],
  [
    'a millisecond before the expiry of its grant',
    GRANT,
    endsAfter(1001),
    (CREATED_AT + 1001) * 1000 - 1,
    CREATED_AT + 1001,
  ],
  ['at the expiry of its grant', GRANT, endsAfter(1001), (CREATED_AT + 1001) * 1000, undefined],
  ['of a revoked grant', revokedAt(ISSUED_AT), CLIENT, ISSUED_AT * 1000, undefined],
  ['of a grant revoked before it was issued', revokedAt(CREATED_AT), CLIENT, ISSUED_AT * 1000, undefined],
  ['of a grant that a replay revoked', REPLAYED, CLIENT, ISSUED_AT * 1000, undefined],
  [
    'of a grant that a replay revoked, of a client whose access tokens run out then',
    REPLAYED,
    RUNNING_OUT,
    ISSUED_AT * 1000 + 1000,
    ISSUED_AT + LIFETIME,
  ],
  ['that has run out after a replay', REPLAYED, RUNNING_OUT, END_MS, undefined],
  ['of a grant that its owner ended', revokedAt(ISSUED_AT), RUNNING_OUT, ISSUED_AT * 1000, undefined],
  ['of a grant whose code was used twice', CODE_REPLAYED, RUNNING_OUT, ISSUED_AT * 1000, undefined],
  ['of a disabled client', GRANT, { ...CLIENT, disabledAtMs: ISSUED_AT * 1000 }, ISSUED_AT * 1000, undefined],
  [
    'issued before the newest refresh',
    { ...GRANT, generation: 99 },
    CLIENT,
    ISSUED_AT * 1000,
    ISSUED_AT + LIFETIME,
  ],
];

for (const [what, grant, client, nowMs, expiresAt] of CASES)
  test(`an access token ${what} is ${expiresAt === undefined ? 'inactive' : 'active'}`, () => {
    const access = judgeAccess(grant, client, { issuedAt: ISSUED_AT }, { nowMs, doubt: undefined });
    const expected =
      expiresAt === undefined
        ? undefined
        : { grant, client, scope: 'read_odometer', issuedAt: ISSUED_AT, expiresAt };
    assert.deepEqual(access, expected);
  });

test('an access token is active while only a jump of the clock may have ended its grant', () => {
  const nowMs = ISSUED_AT * 1000 + 1000;
  const grantLifetimeSeconds = ISSUED_AT - Math.floor(GRANT.createdAtMs / 1000);
  const client = { ...CLIENT, policy: { ...CLIENT.policy, grantLifetimeSeconds } };
  const judgedWith = (doubt: Now['doubt']) =>
    judgeAccess(GRANT, client, { issuedAt: ISSUED_AT }, { nowMs, doubt });
  assert.notEqual(judgedWith({ beforeMs: nowMs - 500, byMs: 3_600_000 }), undefined);
  assert.equal(judgedWith(undefined), undefined);
});

/** The grant's scope, what the client is allowed, what the token selects, and its scope. */
const SCOPES: readonly (readonly [string, string, number | undefined, string])[] = [
  ['a b c', 'a b c', undefined, 'a b c'],
  ['a b c', 'c b', undefined, 'b c'],
  ['a b c', '', undefined, ''],
  ['a b c', 'a b c', 0b101, 'a c'],
  ['a b c', 'b c', 0b101, 'c'],
  ['', 'a', undefined, ''],
];

for (const [scope, grantScope, selection, expected] of SCOPES)
  test(`an access token that selects ${selection ?? 'all'} of "${scope}", of a client that is allowed "${grantScope}", is for "${expected}"`, () => {
    const opened = { issuedAt: ISSUED_AT, ...(selection === undefined ? {} : { selection }) };
    const client = { ...CLIENT, policy: { ...POLICY, grantScope } };
    assert.equal(
      judgeAccess({ ...GRANT, scope }, client, opened, { nowMs: ISSUED_AT * 1000, doubt: undefined })?.scope,
      expected,
    );
  });

const OLD_LINE = createKeyLine(1001, 'seal', CREATED_AT);
const OLD_RING = ringOf(OLD_LINE);
const NEW_RING = ringOf(OLD_LINE, createKeyLine(1002, 'seal', ISSUED_AT));
const OLD_KEYS = OLD_RING.keys.map(registrationOf);
const NEW_KEYS = NEW_RING.keys.map(registrationOf);
const OPENED = { grantId: GRANT.id, issuedAt: ISSUED_AT, serial: 7 };
const TOKEN = sealAccessToken(OLD_RING.seal.active, uuidV4Shape, OPENED);
const ISSUER = 'https://fob.example';
const SIGN_KEY = OLD_RING.sign.active;
const JWT = await signAccessJwt(SIGN_KEY, {
  iss: ISSUER,
  sub: GRANT.subject,
  aud: ISSUER,
  client_id: CLIENT.id,
  scope: GRANT.scope,
  iat: ISSUED_AT,
  exp: ISSUED_AT + LIFETIME,
  jti: sealTokenId(SIGN_KEY, { kind: 'grant', ...OPENED }),
});
const NEW_TOKEN = sealAccessToken(NEW_RING.seal.active, uuidV4Shape, OPENED);

/** A store with one grant and its client, and a key ring that is read again when a newer key is noticed. */
const contextWith = ({
  ring = OLD_RING,
  ringRead = ring,
  keys = OLD_KEYS,
  fails = false,
  now = { nowMs: ISSUED_AT * 1000, doubt: undefined },
}: {
  readonly ring?: typeof OLD_RING;
  readonly ringRead?: typeof OLD_RING;
  readonly keys?: readonly RegisteredKey[];
  readonly fails?: boolean;
  readonly now?: Now;
} = {}) => {
  const reads: string[] = [];
  const answer = async <Result>(verb: string, result: Result): Promise<Result> => {
    reads.push(verb);
    if (fails) throw new StoreError('unavailable', 'the store is away');
    return result;
  };
  let current = ring;
  const store: Pick<Store, 'readGrant' | 'readClient'> = {
    readGrant: (id) => answer('readGrant', id === GRANT.id ? GRANT : undefined),
    readClient: (id) => answer('readClient', { client: id === CLIENT.id ? CLIENT : undefined, keys }),
  };
  const context: AccessContext = {
    store: store as Store,
    get keyRing() {
      return current;
    },
    noticeKeys(registered) {
      const newest = Math.max(...registered.map(({ number }) => number));
      if (newest > current.newestNumber) current = ringRead;
      if (registered.some(({ withdrawal }) => withdrawal !== undefined))
        current = withRegistrations(current, registered);
      return newest > current.newestNumber;
    },
    clock: () => now.nowMs,
    doubt: () => now.doubt,
    issuer: ISSUER,
  };
  return { context, reads };
};

const ACCESS = {
  grant: GRANT,
  client: CLIENT,
  scope: 'read_odometer',
  issuedAt: ISSUED_AT,
  expiresAt: ISSUED_AT + LIFETIME,
};

test('an access token gives access to its grant, for its client', async () => {
  assert.deepEqual(await readAccess(contextWith().context, uuidV4Shape, TOKEN), ACCESS);
});

test('an access token sealed with an older key of the ring is accepted', async () => {
  const { context } = contextWith({ ring: NEW_RING, keys: NEW_KEYS });
  assert.deepEqual(await readAccess(context, uuidV4Shape, TOKEN), ACCESS);
  assert.deepEqual(await readAccess(context, uuidV4Shape, NEW_TOKEN), ACCESS);
});

test('an access token that another node sealed with a newer key is accepted after the ring is read again', async () => {
  const { context } = contextWith({ ringRead: NEW_RING, keys: NEW_KEYS });
  assert.deepEqual(await readAccess(context, uuidV4Shape, NEW_TOKEN), ACCESS);
});

test('a token that a key missing from the ring may have sealed is an outage, never an inactive token', async () => {
  const { context } = contextWith({ keys: NEW_KEYS });
  await assert.rejects(readAccess(context, uuidV4Shape, NEW_TOKEN), StoreError);
});

test('an access token of a key that was compromised a moment ago is inactive, although this node has not noticed yet', async () => {
  const withdrawal = { state: 'compromised', atMs: ISSUED_AT, opensUntilMs: Infinity } as const;
  const keys = NEW_KEYS.map((key) => (key.number === 1001 ? { ...key, withdrawal } : key));
  const { context } = contextWith({ ring: NEW_RING, keys });
  assert.equal(await readAccess(context, uuidV4Shape, TOKEN), undefined);
  assert.deepEqual(await readAccess(context, uuidV4Shape, NEW_TOKEN), ACCESS);
});

test('a string of another form is inactive, without a read of the store', async () => {
  const { context, reads } = contextWith({ fails: true });
  const others = [
    '',
    'x',
    TOKEN.toUpperCase(),
    `${TOKEN}0`,
    sealAccessToken(OLD_RING.seal.active, base62Shape, OPENED),
  ];
  for (const text of others) assert.equal(await readAccess(context, uuidV4Shape, text), undefined);
  assert.deepEqual(reads, []);
});

const NOBODYS: readonly (readonly [string, string])[] = [
  ['a random UUID', 'c0ffee00-dead-4bad-8bad-feedfacecafe'],
  ['a refresh token of the grant', sealRefreshToken(OLD_RING.seal.active, uuidV4Shape, GRANT.id, 5)],
  [
    'one of a grant that does not exist',
    sealAccessToken(OLD_RING.seal.active, uuidV4Shape, { ...OPENED, grantId: 1n }),
  ],
  [
    'one that a key of another deployment sealed',
    sealAccessToken(ringOf(createKeyLine(1, 'seal', 1)).seal.active, uuidV4Shape, OPENED),
  ],
];

for (const [what, text] of NOBODYS)
  test(`${what} is not an active access token`, async () => {
    assert.equal(await readAccess(contextWith().context, uuidV4Shape, text), undefined);
  });

test('an unavailable store is an outage for every token', async () => {
  for (const text of [TOKEN, NOBODYS[0]?.[1] ?? ''])
    await assert.rejects(readAccess(contextWith({ fails: true }).context, uuidV4Shape, text), StoreError);
});

/** The clock jumped an hour forward, ten seconds ago. */
const jumpedAt = (nowMs: number): Now => ({ nowMs, doubt: { beforeMs: nowMs - 10_000, byMs: 3_600_000 } });

for (const [form, text] of [
  ['opaque', TOKEN],
  ['a JWT', JWT],
] as const) {
  test(`a token that a jump of the clock ended is inactive, so that its client refreshes (${form})`, async () => {
    const { context } = contextWith({ now: jumpedAt(END_MS) });
    assert.equal(await readAccess(context, uuidV4Shape, text), undefined);
  });

  test(`a token that is active by every clock is active after a jump (${form})`, async () => {
    const { context } = contextWith({ now: jumpedAt(END_MS - 1) });
    assert.deepEqual(await readAccess(context, uuidV4Shape, text), ACCESS);
  });

  test(`a token from far in the future is inactive (${form})`, async () => {
    const { context } = contextWith({ now: { nowMs: ISSUED_AT * 1000 - 900_001, doubt: undefined } });
    assert.equal(await readAccess(context, uuidV4Shape, text), undefined);
  });
}

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Client } from '../clients/client.ts';
import type { Policy } from '../clients/policy.ts';
import type { CodeState } from '../grants/code.ts';
import { decideCode, NOTHING_REDEEMED } from '../grants/decide-code.ts';
import { decideRefresh, NO_REPLAY_CONTEXT } from '../grants/decide-refresh.ts';
import type { Grant } from '../grants/grant.ts';
import type { Store } from '../grants/store.ts';
import { createUndecidedUses } from '../grants/undecided-uses.ts';
import type { LogEvent } from '../log-event.ts';
import { sealCode } from '../tokens/authorization-code.ts';
import { ringOf } from '../tokens/key-ring.cases.ts';
import { sealRefreshToken } from '../tokens/refresh-token.ts';
import { createShape, uuidShape } from '../tokens/shape.ts';
import type { Shape } from '../tokens/shape.ts';
import { authorizationCode } from './authorization-code.ts';
import type { GrantType, GrantTypeContext } from './grant-type.ts';
import { refreshToken } from './refresh-token.ts';
import { createTokenBatches } from './token-batches.ts';

// A token whose bits a shape overwrites has, once in a hundred million times, a second reading that its check fits. Here
// every token has one, and it comes first: it names a grant that never was.

const NOW_MS = 1_750_000_000_000;
const RING = ringOf('1:seal:1750000000:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8');
const KEY = RING.seal.active;
const STRAY_ID = 999n;
const CODE_ISSUED_AT = NOW_MS / 1000 - 60;

/** A UUID that stands for two blocks: that of this stray token, and its own. */
const withStray = (stray: string): Shape => {
  const strayBlock = uuidShape.read(stray);
  assert.ok(strayBlock !== 'malformed');
  return createShape({
    macBytes: uuidShape.macBytes,
    write: uuidShape.write,
    readInto: uuidShape.readInto,
    overwrites: {
      candidates: 2,
      areIn: () => true,
      restore(sealed) {
        const pairs: Buffer[] = [];
        for (let at = 0; at < sealed.length; at += 16) pairs.push(strayBlock, sealed.subarray(at, at + 16));
        return Buffer.concat(pairs);
      },
    },
  });
};

const SHAPES = {
  refreshToken: withStray(sealRefreshToken(KEY, uuidShape, STRAY_ID, 3)),
  accessToken: uuidShape,
  code: withStray(sealCode(KEY, uuidShape, { grantId: STRAY_ID, issuedAt: CODE_ISSUED_AT })),
};

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
  clientCredentials: false,
};
const CLIENT: Client = {
  id: 'client-a',
  dialect: 'smartcar',
  type: 'confidential',
  name: 'A',
  redirectUris: ['https://app.example/callback'],
  consentRedirectUri: undefined,
  policy: POLICY,
  createdAtMs: NOW_MS - 86_400_000,
  disabledAtMs: undefined,
  secrets: [],
};
const GRANT: Grant = {
  id: 7n,
  clientId: 'client-a',
  subject: 'owner-1',
  scope: 'read_odometer',
  brand: undefined,
  createdAtMs: NOW_MS - 86_400_000,
  generation: 5,
  keyNumber: 1,
  rotatedAtMs: [NOW_MS - 3_600_000],
  rotatedBy: undefined,
  useDigest: undefined,
  revocation: undefined,
};
const CODE: CodeState = {
  grantId: 8n,
  clientId: 'client-a',
  redirectUri: 'https://app.example/callback',
  codeChallenge: undefined,
  issuedAtMs: CODE_ISSUED_AT * 1000,
  subject: 'owner-1',
  scope: 'read_odometer',
  brand: undefined,
  vehicles: [],
  redeemedAtMs: undefined,
  useDigest: undefined,
};

/** What the grant types ask of a store, decided on one grant and one code. */
const store: Pick<Store, 'refresh' | 'redeemCode' | 'findImported'> = {
  async refresh(use, issue) {
    const grant = use.presented.grantId === GRANT.id ? GRANT : undefined;
    const { result } = decideRefresh(grant, use, POLICY, NO_REPLAY_CONTEXT);
    await issue?.(result);
    return result;
  },
  async redeemCode(use, issue) {
    const code = use.presented.grantId === CODE.grantId ? CODE : undefined;
    const { result } = decideCode(code, NOTHING_REDEEMED, use, POLICY);
    await issue?.(result);
    return result;
  },
  findImported: () => Promise.resolve([]),
};

const exchange = async (grantType: GrantType, parameters: Readonly<Record<string, string>>) => {
  const events: LogEvent[] = [];
  const tokenIssuer = { keyRing: RING, nextSerial: () => 0 };
  const context: GrantTypeContext = {
    ...tokenIssuer,
    store: store as Store,
    issuer: 'https://fob.example',
    noticeKeys: () => false,
    undecidedRefreshes: createUndecidedUses(),
    undecidedCodes: createUndecidedUses(),
    batches: createTokenBatches(tokenIssuer),
    clock: () => NOW_MS,
    doubt: () => undefined,
    emit: (event) => events.push(event),
  };
  const response = await grantType.handle(context, {
    dialect: 'smartcar',
    requestId: 'request-1',
    caller: { address: '192.0.2.1', userAgent: 'app/1' },
    client: CLIENT,
    shapes: SHAPES,
    parameters,
    brand: undefined,
    idempotencyKey: undefined,
  });
  return { response, events: events.map(({ event }) => event) };
};

test('a refresh token is exchanged by the reading that leads to a grant', async () => {
  const text = sealRefreshToken(KEY, uuidShape, GRANT.id, GRANT.generation);
  const { response, events } = await exchange(refreshToken, { refresh_token: text });
  assert.equal(response.refreshToken, sealRefreshToken(KEY, uuidShape, GRANT.id, GRANT.generation + 1));
  assert.deepEqual(events, ['refresh.rotated']);
});

test('a refresh token without a reading that leads to a grant is unknown, and reported once', async () => {
  const text = sealRefreshToken(KEY, uuidShape, 11n, 0);
  await assert.rejects(exchange(refreshToken, { refresh_token: text }), { reason: 'unknown' });
});

test('a code is exchanged by the reading that leads to one', async () => {
  const code = sealCode(KEY, uuidShape, { grantId: CODE.grantId, issuedAt: CODE_ISSUED_AT });
  const { response, events } = await exchange(authorizationCode, {
    code,
    redirect_uri: CODE.redirectUri ?? '',
  });
  assert.equal(response.refreshToken, sealRefreshToken(KEY, uuidShape, CODE.grantId, 0));
  assert.deepEqual(events, ['code.redeemed']);
});

test('a code without a reading that leads to one is unknown', async () => {
  const code = sealCode(KEY, uuidShape, { grantId: 11n, issuedAt: CODE_ISSUED_AT });
  await assert.rejects(exchange(authorizationCode, { code }), { reason: 'code_unknown' });
});

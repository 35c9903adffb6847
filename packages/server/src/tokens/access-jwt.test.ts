import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import { decodeJwt, decodeProtectedHeader, SignJWT } from 'jose';
import { isCompactJwt, openAccessJwt, signAccessJwt } from './access-jwt.ts';
import type { AccessClaims } from './access-jwt.ts';
import { createKeyLine } from './key-ring.ts';
import { ringOf } from './key-ring.cases.ts';

const NOW = 1_750_000_000;
const ISSUER = 'https://fob.example';
const RING = ringOf(
  `1:sign:0:${'B'.repeat(42)}A`,
  `2:sign:1:${'C'.repeat(42)}A`,
  createKeyLine(3, 'sign-rs256', 0),
);
const STRANGE = ringOf(`1:sign:0:${'D'.repeat(42)}A`);
const KEY = RING.sign.keys[1] ?? assert.fail();
const RSA_KEY = RING.signRs256.active;

const CLAIMS: AccessClaims = {
  iss: ISSUER,
  sub: 'owner-1',
  aud: ISSUER,
  client_id: 'client-a',
  scope: 'read_charge',
  iat: NOW,
  exp: NOW + 3600,
  jti: '3e565aed-d4b2-4296-9b4c-aec35825a6aa',
};

const open = (text: string, now = NOW) => openAccessJwt(RING, ISSUER, text, now);

void test('a JWT access token has the header and the claims of RFC 9068, and opens to them', async () => {
  const text = await signAccessJwt(KEY, CLAIMS);
  assert.ok(isCompactJwt(text));
  const { kid } = KEY.signingKey();
  assert.deepEqual(decodeProtectedHeader(text), { alg: 'ES256', typ: 'at+jwt', kid });
  assert.deepEqual(decodeJwt(text), CLAIMS);
  assert.deepEqual(await open(text), { claims: CLAIMS, key: KEY });
});

void test('a JWT access token of an RSA key is signed by RS256, and opens as well', async () => {
  const text = await signAccessJwt(RSA_KEY, CLAIMS);
  const header = { alg: 'RS256', typ: 'at+jwt', kid: RSA_KEY.signingKey().kid };
  assert.deepEqual(decodeProtectedHeader(text), header);
  assert.deepEqual(await open(text), { claims: CLAIMS, key: RSA_KEY });
});

void test('a token without a scope has no scope claim', async () => {
  const text = await signAccessJwt(KEY, { ...CLAIMS, scope: '' });
  assert.ok(!('scope' in decodeJwt(text)));
  const opened = await open(text);
  assert.ok(typeof opened === 'object' && opened.claims.scope === '');
});

void test('a token opens in its last second and not in the one after', async () => {
  const text = await signAccessJwt(KEY, CLAIMS);
  assert.notEqual(await open(text, CLAIMS.exp - 1), undefined);
  assert.equal(await open(text, CLAIMS.exp), undefined);
});

void test('a token of a key that is not in the ring is distinguished from one that is not ours', async () => {
  assert.equal(await open(await signAccessJwt(STRANGE.sign.active, CLAIMS)), 'key_unknown');
});

type Header = { alg: string; typ?: string; kid?: string };
const { kid } = KEY.signingKey();
const HEADER: Header = { alg: 'ES256', typ: 'at+jwt', kid };
const sign = (header: Header, claims: Partial<AccessClaims>, key = KEY) =>
  new SignJWT(claims).setProtectedHeader(header).sign(key.signingKey().privateKey);
const without = (name: keyof AccessClaims) =>
  Object.fromEntries(Object.entries(CLAIMS).filter(([one]) => one !== name));
const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

const REFUSED: readonly (readonly [string, () => Promise<string> | string])[] = [
  ['another type', () => sign({ ...HEADER, typ: 'JWT' }, CLAIMS)],
  ['no type', () => sign({ alg: 'ES256', kid }, CLAIMS)],
  ['another issuer', () => sign(HEADER, { ...CLAIMS, iss: 'https://other.example' })],
  ['the signature of another key', () => sign(HEADER, CLAIMS, STRANGE.sign.active)],
  ['no signature at all', () => `${encode({ ...HEADER, alg: 'none' })}.${encode(CLAIMS)}.`],
  [
    'the public key for a shared secret',
    () => {
      const text = `${encode({ ...HEADER, alg: 'HS256' })}.${encode(CLAIMS)}`;
      const secret = KEY.signingKey().publicKey.export({ type: 'spki', format: 'pem' });
      return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
    },
  ],
  [
    'claims changed after signing',
    async () => {
      const [header, , signature] = (await sign(HEADER, CLAIMS)).split('.');
      return `${header}.${encode({ ...CLAIMS, scope: 'control_security' })}.${signature}`;
    },
  ],
  ['the id of the RSA key', () => sign({ ...HEADER, kid: RSA_KEY.signingKey().kid }, CLAIMS)],
  ['the RSA key under the id of another', () => sign({ ...HEADER, alg: 'RS256' }, CLAIMS, RSA_KEY)],
  ['no audience in its list', () => sign(HEADER, { ...CLAIMS, aud: [] })],
  ['an audience that is no text', () => sign(HEADER, { ...CLAIMS, aud: [ISSUER, 7 as unknown as string] })],
  ...(['iss', 'sub', 'aud', 'client_id', 'iat', 'exp', 'jti'] as const).map(
    (name) => [`no ${name}`, () => sign(HEADER, without(name))] as const,
  ),
  ['nothing that is JSON', () => 'a.b.c'],
];

for (const [name, make] of REFUSED) {
  void test(`a JWT with ${name} does not open`, async () => {
    assert.equal(await open(await make()), undefined);
  });
}

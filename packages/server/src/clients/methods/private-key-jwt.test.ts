import assert from 'node:assert/strict';
import { constants, generateKeyPairSync, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { test } from 'node:test';
import type { AssertionReason } from '../../errors.ts';
import { parseJwt } from '../assertion.ts';
import { parseJwks } from '../client-keys.ts';
import type { ClientJwk } from '../client-keys.ts';
import type { Client } from '../client.ts';
import type { Policy } from '../policy.ts';
import { verifyAssertion } from './private-key-jwt.ts';

const NOW = 1_750_000_000;
const ISSUER = 'https://fob.example';

type Pair = { readonly publicKey: KeyObject; readonly privateKey: KeyObject };
const PAIRS = {
  ec: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  otherEc: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  ed: generateKeyPairSync('ed25519'),
  rsa: generateKeyPairSync('rsa', { modulusLength: 2048 }),
} satisfies Readonly<Record<string, Pair>>;

const jwkOf = ({ publicKey }: Pair, more: object): object => ({
  ...publicKey.export({ format: 'jwk' }),
  ...more,
});

const keysOf = (...keys: readonly object[]): readonly ClientJwk[] => {
  const parsed = parseJwks({ keys });
  assert.ok('jwks' in parsed, JSON.stringify(parsed));
  return parsed.jwks;
};

const KEYS = keysOf(
  jwkOf(PAIRS.ec, { kid: 'ec', alg: 'ES256', use: 'sig' }),
  jwkOf(PAIRS.ed, { kid: 'ed' }),
  jwkOf(PAIRS.rsa, { kid: 'rsa', alg: 'PS256' }),
);

/** How the algorithms sign, those that are refused among them. */
const SIGNERS: Readonly<Record<string, (data: Buffer, key: KeyObject) => Buffer>> = {
  ES256: (data, key) => sign('sha256', data, { key, dsaEncoding: 'ieee-p1363' }),
  PS256: (data, key) =>
    sign('sha256', data, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 }),
  RS256: (data, key) => sign('sha256', data, key),
  EdDSA: (data, key) => sign(null, data, key),
  Ed25519: (data, key) => sign(null, data, key),
  none: () => Buffer.from('none'),
};

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

type Variant = {
  readonly header?: object;
  readonly claims?: object;
  readonly key?: KeyObject;
  readonly keys?: readonly ClientJwk[];
  readonly policy?: Partial<Policy>;
};

const CLAIMS = { iss: 'app', sub: 'app', aud: ISSUER, jti: 'one', iat: NOW, exp: NOW + 60 };

const assertionOf = ({ header, claims, key = PAIRS.ec.privateKey }: Variant): string => {
  const head: Record<string, unknown> = {
    alg: 'ES256',
    typ: 'client-authentication+jwt',
    kid: 'ec',
    ...header,
  };
  const signed = `${encode(head)}.${encode({ ...CLAIMS, ...claims })}`;
  const signature = SIGNERS[String(head['alg'])]?.(Buffer.from(signed), key) ?? Buffer.from('x');
  return `${signed}.${signature.toString('base64url')}`;
};

const verify = (variant: Variant) => {
  const assertion = parseJwt(assertionOf(variant));
  assert.ok(assertion !== undefined);
  const client = { id: 'app', policy: variant.policy ?? {} } as Client;
  return verifyAssertion(
    client,
    { method: 'private_key_jwt', clientId: 'app', assertion },
    { now: { nowMs: NOW * 1000, doubt: undefined }, issuer: ISSUER, keys: variant.keys ?? KEYS },
  );
};

const GOOD: Readonly<Record<string, Variant>> = {
  'by ES256': {},
  'by PS256': { header: { alg: 'PS256', kid: 'rsa' }, key: PAIRS.rsa.privateKey },
  'by EdDSA': { header: { alg: 'EdDSA', kid: 'ed' }, key: PAIRS.ed.privateKey },
  'by Ed25519, the later name': { header: { alg: 'Ed25519', kid: 'ed' }, key: PAIRS.ed.privateKey },
  'without a kid': { header: { kid: undefined } },
  'with the type in other letters': { header: { typ: 'application/Client-Authentication+JWT' } },
  'of a clock that is 10 seconds ahead': { claims: { iat: NOW + 10, nbf: NOW + 10 } },
  'of a clock that is 30 seconds ahead': { claims: { iat: NOW + 30, nbf: NOW + 30, exp: NOW + 90 } },
  'that is valid for 300 seconds': { claims: { exp: NOW + 300 } },
  'that is valid for 300 seconds by a clock that is 8 seconds ahead': {
    claims: { iat: NOW + 8, nbf: NOW + 8, exp: NOW + 308 },
  },
  'in its last second': { claims: { iat: NOW - 299, exp: NOW + 1 } },
  'without iat and nbf': { claims: { iat: undefined } },
  'with one of two keys of the same kid': {
    keys: [...keysOf(jwkOf(PAIRS.otherEc, { kid: 'ec' })), ...keysOf(jwkOf(PAIRS.ec, { kid: 'ec' }))],
  },
};

for (const [name, variant] of Object.entries(GOOD)) {
  void test(`an assertion ${name} proves its client`, () => {
    const proved = verify(variant);
    assert.ok('use' in proved, JSON.stringify(proved));
    assert.equal(proved.isUntyped, false);
  });
}

const BAD: readonly (readonly [string, Variant, AssertionReason])[] = [
  [
    'RS256',
    { header: { alg: 'RS256', kid: undefined }, key: PAIRS.rsa.privateKey },
    'assertion_algorithm_wrong',
  ],
  [
    'a key of its own in its header',
    {
      header: {
        jwk: jwkOf(PAIRS.otherEc, {}),
        jku: 'https://evil.example/jwks',
        x5u: 'https://evil.example',
      },
      key: PAIRS.otherEc.privateKey,
    },
    'assertion_signature_wrong',
  ],
  ['alg none', { header: { alg: 'none' } }, 'assertion_algorithm_wrong'],
  ['alg HS256', { header: { alg: 'HS256' } }, 'assertion_algorithm_wrong'],
  ['no alg', { header: { alg: undefined } }, 'assertion_algorithm_wrong'],
  ['an alg that its key is not for', { header: { alg: 'PS256', kid: 'ec' } }, 'assertion_key_unknown'],
  ['an unknown kid', { header: { kid: 'other' } }, 'assertion_key_unknown'],
  ['no key', { keys: [] }, 'assertion_key_unknown'],
  ['the key of somebody else', { key: PAIRS.otherEc.privateKey }, 'assertion_signature_wrong'],
  ['no type', { header: { typ: undefined } }, 'assertion_type_wrong'],
  ['the type JWT', { header: { typ: 'JWT' } }, 'assertion_type_wrong'],
  ['the type of an access token', { header: { typ: 'at+jwt' } }, 'assertion_type_wrong'],
  ['the type of a proof', { header: { typ: 'dpop+jwt' } }, 'assertion_type_wrong'],
  [
    'another type, though it may lack one',
    { header: { typ: 'at+jwt' }, policy: { untypedAssertions: true } },
    'assertion_type_wrong',
  ],
  ['no iss', { claims: { iss: undefined } }, 'assertion_claims_wrong'],
  ['another iss', { claims: { iss: 'other' } }, 'assertion_claims_wrong'],
  ['no sub', { claims: { sub: undefined } }, 'assertion_claims_wrong'],
  ['no exp', { claims: { exp: undefined } }, 'assertion_claims_wrong'],
  ['an exp that is a text', { claims: { exp: String(NOW + 60) } }, 'assertion_claims_wrong'],
  ['an nbf that is a text', { claims: { nbf: 'now' } }, 'assertion_claims_wrong'],
  ['no jti', { claims: { jti: undefined } }, 'assertion_claims_wrong'],
  ['an empty jti', { claims: { jti: '' } }, 'assertion_claims_wrong'],
  ['a jti of 257 characters', { claims: { jti: 'x'.repeat(257) } }, 'assertion_claims_wrong'],
  ['no aud', { claims: { aud: undefined } }, 'assertion_audience_wrong'],
  ['aud as an array of the issuer', { claims: { aud: [ISSUER] } }, 'assertion_audience_wrong'],
  ['aud as an array with the issuer', { claims: { aud: [ISSUER, 'x'] } }, 'assertion_audience_wrong'],
  ['the token URL as aud', { claims: { aud: `${ISSUER}/oauth/token` } }, 'assertion_audience_wrong'],
  ['the PAR URL as aud', { claims: { aud: `${ISSUER}/oauth/par` } }, 'assertion_audience_wrong'],
  ['the issuer with a slash as aud', { claims: { aud: `${ISSUER}/` } }, 'assertion_audience_wrong'],
  ['an exp that is now', { claims: { exp: NOW } }, 'assertion_expired'],
  ['an exp of 5 minutes ago', { claims: { iat: NOW - 600, exp: NOW - 300 } }, 'assertion_expired'],
  ['an iat of 61 seconds ahead', { claims: { iat: NOW + 61, exp: NOW + 120 } }, 'assertion_from_future'],
  ['an nbf of 61 seconds ahead', { claims: { nbf: NOW + 61, exp: NOW + 120 } }, 'assertion_from_future'],
  ['an nbf of 31 seconds ahead', { claims: { nbf: NOW + 31 } }, 'assertion_from_future'],
  ['a lifetime of 301 seconds', { claims: { exp: NOW + 301 } }, 'assertion_lifetime_too_long'],
  [
    'a lifetime of an hour and no iat',
    { claims: { iat: undefined, exp: NOW + 3600 } },
    'assertion_lifetime_too_long',
  ],
];

for (const [name, variant, reason] of BAD) {
  void test(`an assertion with ${name} proves nothing: ${reason}`, () => {
    assert.deepEqual(verify(variant), { reason });
  });
}

void test('an assertion without a type proves a client whose policy allows it, and is marked', () => {
  for (const typ of [undefined, 'JWT']) {
    const proved = verify({ header: { typ }, policy: { untypedAssertions: true } });
    assert.ok('use' in proved);
    assert.equal(proved.isUntyped, true);
  }
});

void test('a use is of the client and its jti, and lasts as long as the assertion', () => {
  const [one, again, other] = [
    verify({}),
    verify({ claims: { exp: NOW + 61 } }),
    verify({ claims: { jti: 'two' } }),
  ];
  assert.ok('use' in one && 'use' in again && 'use' in other);
  assert.deepEqual(one.use.digest, again.use.digest);
  assert.notDeepEqual(one.use.digest, other.use.digest);
  assert.equal(one.use.expiresAtMs, (NOW + 60) * 1000);
});

for (const [name, text] of [
  ['two parts', 'a.b'],
  ['a part that is no base64url', `${encode({})}.${encode({})}.=`],
  ['a header that is no JSON', `e30x.${encode({})}.AA`],
  ['claims that are an array', `${encode({})}.${encode([])}.AA`],
  ['an extension that must be understood', `${encode({ crit: ['exp'] })}.${encode({})}.AA`],
  ['more than 8192 characters', `${encode({})}.${encode({ x: 'x'.repeat(8192) })}.AA`],
] as const) {
  void test(`a text with ${name} is no JWT`, () => assert.equal(parseJwt(text), undefined));
}

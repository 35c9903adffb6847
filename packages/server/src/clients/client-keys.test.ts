import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { changeKeys, keyObjectOf, parseJwks } from './client-keys.ts';

const ec = (namedCurve: string) => generateKeyPairSync('ec', { namedCurve });
const P256 = ec('P-256');
const ED = generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' });
const EC = P256.publicKey.export({ format: 'jwk' });
const RSA = (modulusLength: number) =>
  generateKeyPairSync('rsa', { modulusLength }).publicKey.export({ format: 'jwk' });

void test('a set of keys keeps the members that are known, and its keys are usable', () => {
  const parsed = parseJwks({
    keys: [{ ...EC, kid: 'a', alg: 'ES256', use: 'sig', x5u: 'x' }, { ...RSA(2048) }, ED],
  });
  assert.ok('jwks' in parsed);
  assert.deepEqual(parsed.jwks[0], { ...EC, kid: 'a', alg: 'ES256', use: 'sig' });
  assert.deepEqual(
    parsed.jwks.map((jwk) => keyObjectOf(jwk).asymmetricKeyType),
    ['ec', 'rsa', 'ed25519'],
  );
  for (const jwk of parsed.jwks) assert.equal(keyObjectOf(jwk), keyObjectOf(jwk));
  assert.deepEqual(parseJwks(JSON.stringify({ keys: [ED] })), { jwks: [ED] });
});

const FAULTS: readonly (readonly [string, unknown, RegExp])[] = [
  ['no JSON', '{', /JSON object with an array "keys"/],
  ['no object', [], /JSON object with an array "keys"/],
  ['no keys', {}, /JSON object with an array "keys"/],
  ['an empty set', { keys: [] }, /at least one key/],
  ['21 keys', { keys: Array.from({ length: 21 }, () => ED) }, /at most 20/],
  ['a private key', { keys: [P256.privateKey.export({ format: 'jwk' })] }, /key 1 .* private parts/],
  ['a symmetric key', { keys: [{ kty: 'oct', k: 'AAAA' }] }, /private parts/],
  ['an unknown kty', { keys: [{ kty: 'LWE' }] }, /kty RSA, EC or OKP/],
  [
    'an RSA key with a long exponent',
    { keys: [{ ...RSA(2048), e: `${'_'.repeat(200)}8` }] },
    /usual exponent/,
  ],
  ['an RSA key of 1024 bits', { keys: [RSA(1024)] }, /at least 2048 bits/],
  [
    'a curve that is not used',
    { keys: [ec('secp256k1').publicKey.export({ format: 'jwk' })] },
    /curve P-256/,
  ],
  ['a point off its curve', { keys: [{ ...EC, x: EC.y }] }, /not a key/],
  ['a key for encryption', { keys: [{ ...EC, use: 'enc' }] }, /encryption/],
  [
    'the same kid twice',
    {
      keys: [
        { ...EC, kid: 'a' },
        { ...ED, kid: 'a' },
      ],
    },
    /same kid/,
  ],
  ['a kid that is a number', { keys: [{ ...EC, kid: 7 }] }, /no text/],
  ['an x5c that is a text', { keys: [{ ...EC, x5c: 'AAAA' }] }, /x5c/],
];

for (const [name, set, fault] of FAULTS) {
  void test(`a set with ${name} is refused, and the fault names it`, () => {
    const parsed = parseJwks(set);
    assert.ok('faults' in parsed);
    assert.match(parsed.faults.join('; '), fault);
  });
}

void test('of a set that is published, keys that cannot be used are left out, and two may have one kid', () => {
  const keys = [{ kty: 'LWE' }, { ...EC, use: 'enc' }, { ...EC, kid: 'a' }, { ...ED, kid: 'a' }];
  assert.deepEqual(parseJwks({ keys }, { skipsUnknown: true }), {
    jwks: [
      { ...EC, kid: 'a' },
      { ...ED, kid: 'a' },
    ],
  });
});

void test('keys are in one place, and either replaces the other', () => {
  const jwksUri = 'https://app.example/jwks';
  const set = { jwks: { keys: [ED] } };
  assert.deepEqual(changeKeys(undefined, set), { keys: { jwks: [ED] } });
  assert.deepEqual(changeKeys({ jwks: [] }, { jwksUri }), { keys: { jwksUri } });
  assert.deepEqual(changeKeys({ jwksUri }, set), { keys: { jwks: [ED] } });
  assert.deepEqual(changeKeys({ jwksUri }, {}), { keys: { jwksUri } });
  assert.deepEqual(changeKeys({ jwksUri }, { jwks: null }), { keys: { jwksUri } });
  assert.deepEqual(changeKeys({ jwksUri }, { jwksUri: null }), {});
  assert.ok('faults' in changeKeys(undefined, { ...set, jwksUri }));
});

for (const uri of [
  'http://app.example/jwks',
  'app.example',
  'https://u:p@app.example/',
  'https://app.example/#a',
  '',
])
  void test(`the address ${JSON.stringify(uri)} is refused`, () => {
    assert.ok('faults' in changeKeys(undefined, { jwksUri: uri }));
  });

import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { readProviderDocument } from './provider-documents.ts';

const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const KEY = { ...publicKey.export({ format: 'jwk' }), kid: 'one', use: 'sig' };

const CASES: readonly (readonly [string, unknown, unknown, readonly string[]])[] = [
  ['is no object', [1], [1], []],
  [
    'has null for members',
    { issuer: 'i', jwks_uri: null, token_endpoint_auth_methods_supported: null },
    { issuer: 'i' },
    [],
  ],
  [
    'has a list with entries that are no texts',
    { scopes_supported: ['openid', null, 7, 'profile'], claims_parameter_supported: true, other: [1] },
    { scopes_supported: ['openid', 'profile'], claims_parameter_supported: true, other: [1] },
    ['scopes_supported[1]: not a text', 'scopes_supported[2]: not a text'],
  ],
  ['has keys with null for members', { keys: [{ ...KEY, alg: null, x5c: null }] }, { keys: [KEY] }, []],
  [
    'has keys that cannot be used',
    { keys: [null, 'key', { kid: 'x' }, { ...KEY, x: 'short' }, { kty: 'RSA', kid: 'one' }, KEY, KEY] },
    { keys: [KEY] },
    [
      'keys[0]: not an object',
      'keys[1]: not an object',
      'keys[2]: kty is missing',
      'keys[3]: not a public key',
      'keys[4]: not a public key',
      'keys[6]: the key is listed before',
    ],
  ],
  ['has a key of an unknown type', { keys: [{ kty: 'XYZ' }, KEY] }, { keys: [{ kty: 'XYZ' }, KEY] }, []],
  ['has no list of keys', { keys: 'none' }, { keys: 'none' }, []],
];

for (const [name, given, document, leftOut] of CASES) {
  void test(`a document of a provider that ${name} is read`, () => {
    assert.deepEqual(readProviderDocument(given), { document, leftOut });
  });
}

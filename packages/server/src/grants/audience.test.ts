import assert from 'node:assert/strict';
import { test } from 'node:test';
import { audiencesOf, chooseAudiences, readAudience, remainingAudiences, writeAudience } from './audience.ts';

const ISSUER = 'https://fob.example';
const [A, B] = ['https://a.example/api', 'https://b.example'];

/** The audiences of the policy, its format, the resources of the request, and the audiences of its tokens. */
for (const [audience, accessTokenFormat, resources, expected] of [
  [undefined, 'jwt', undefined, [ISSUER]],
  ['', 'jwt', undefined, [ISSUER]],
  ['', 'jwt', ISSUER, [ISSUER]],
  ['', 'opaque', ISSUER, [ISSUER]],
  ['', 'jwt', A, 'unknown'],
  [A, 'jwt', undefined, [A]],
  [A, 'jwt', A, [A]],
  [A, 'opaque', A, [A]],
  // The issuer is not among the client's audiences.
  [A, 'jwt', ISSUER, 'unknown'],
  [`${A} ${B}`, 'jwt', undefined, [A, B]],
  [`${A} ${B}`, 'jwt', B, [B]],
  [`${A} ${B}`, 'jwt', `${B} ${A}`, [B, A]],
  [`${A} ${B}`, 'jwt', `${B} ${B}`, [B]],
  [`${A} ${B}`, 'jwt', `${B} https://c.example`, 'unknown'],
  // Names are compared as texts (RFC 8707 §2).
  [`${A} ${B}`, 'jwt', `${B}/`, 'unknown'],
  [A, 'jwt', 'https://a.example', 'unknown'],
  [A, 'jwt', 'HTTPS://a.example/api', 'unknown'],
  [A, 'jwt', ' ', 'unknown'],
  [`${A} ${B}`, 'opaque', undefined, [A, B]],
  [`${A} ${B}`, 'opaque', `${B} ${A}`, [B, A]],
  [`${A} ${B}`, 'opaque', B, 'unknown'],
] as const)
  test(`a client for ${audience || 'this server'} (${accessTokenFormat}) that names ${resources ?? 'nothing'} gets ${String(expected)}`, () =>
    assert.deepEqual(chooseAudiences({ audience, accessTokenFormat }, resources, ISSUER), expected));

test('one audience is a text, several are a list', () => {
  assert.equal(writeAudience([A]), A);
  assert.deepEqual(writeAudience([A, B]), [A, B]);
  for (const audiences of [[A], [A, B]]) assert.deepEqual(readAudience(writeAudience(audiences)), audiences);
});

test('without an issuer, a client without an audience has none', () =>
  assert.deepEqual(audiencesOf({}, undefined), [undefined]));

test('an audience that is taken from a client is no longer one of its tokens', () => {
  const policy = { audience: 'https://api.a https://api.c' };
  assert.deepEqual(remainingAudiences(['https://api.a', 'https://api.b'], policy, ISSUER), ['https://api.a']);
  assert.deepEqual(remainingAudiences('https://api.b', policy, ISSUER), []);
  assert.deepEqual(remainingAudiences(ISSUER, {}, ISSUER), [ISSUER]);
});

import assert from 'node:assert/strict';
import { randomBytes, sign, verify } from 'node:crypto';
import { test } from 'node:test';
import { calculateJwkThumbprint } from 'jose';
import { ringOf } from './key-ring.cases.ts';
import { createKeyLine, signingKeyAt } from './key-ring.ts';
import { createSigningKey, SIGNING_SEED_BYTES } from './signing-key.ts';

const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
/** The base point of P-256, which is the public key of the scalar 1, and what makes its y that of the scalar n-1. */
const BASE_X = '6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296';
const BASE_Y = '4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5';
const FIELD = 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn;

const seedOf = (value: bigint): Buffer =>
  Buffer.from(value.toString(16).padStart(SIGNING_SEED_BYTES * 2, '0'), 'hex');
const hex = (coordinate: string): string => Buffer.from(coordinate, 'base64url').toString('hex');

const OTHER_Y = (FIELD - BigInt(`0x${BASE_Y}`)).toString(16).padStart(64, '0');
const SCALARS: readonly (readonly [string, bigint, string])[] = [
  ['zero gives the least scalar', 0n, BASE_Y],
  ['the number that gives the greatest scalar', ORDER - 2n, OTHER_Y],
  ['one more gives the least again', ORDER - 1n, BASE_Y],
];

for (const [name, seed, y] of SCALARS) {
  void test(`of the seeds of a signing key, ${name}`, () => {
    const { jwk } = createSigningKey(seedOf(seed));
    assert.ok(jwk.kty === 'EC');
    assert.deepEqual([hex(jwk.x), hex(jwk.y)], [BASE_X, y]);
  });
}

void test('a signing key is the same for the same seed, and signs what its public part verifies', () => {
  for (const seed of [Buffer.alloc(SIGNING_SEED_BYTES, 0xff), randomBytes(SIGNING_SEED_BYTES)]) {
    const key = createSigningKey(seed);
    const again = createSigningKey(seed);
    assert.deepEqual(key.jwk, again.jwk);
    const signature = sign('sha256', Buffer.from('text'), key.privateKey);
    assert.ok(verify('sha256', Buffer.from('text'), again.publicKey, signature));
  }
});

void test('the key id is the thumbprint that others compute, and the public part holds nothing private', async () => {
  const { kid, jwk } = createSigningKey(randomBytes(SIGNING_SEED_BYTES));
  assert.equal(kid, await calculateJwkThumbprint({ ...jwk }));
  assert.deepEqual(Object.keys(jwk).sort(), ['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']);
  assert.deepEqual([jwk.alg, jwk.use, jwk.kid], ['ES256', 'sig', kid]);
});

void test('an RSA key signs, and its id is the thumbprint that others compute', async () => {
  const ring = ringOf(createKeyLine(7, 'sign-rs256', 0));
  const { kid, jwk, privateKey, publicKey } = ring.signRs256.active.signingKey();
  assert.equal(kid, await calculateJwkThumbprint({ ...jwk }));
  assert.deepEqual(Object.keys(jwk).sort(), ['alg', 'e', 'kid', 'kty', 'n', 'use']);
  assert.deepEqual([jwk.alg, jwk.use, jwk.kid], ['RS256', 'sig', kid]);
  const signature = sign('sha256', Buffer.from('text'), privateKey);
  assert.ok(verify('sha256', Buffer.from('text'), publicKey, signature));
  assert.deepEqual([signingKeyAt(ring, 0, 'RS256').number, signingKeyAt(ring, 0).number], [7, 901]);
});

void test('a ring without an RSA key signs nothing by RS256', () => {
  assert.throws(() => signingKeyAt(ringOf(), 0, 'RS256'), { name: 'StoreError', kind: 'unavailable' });
});

const MASTER = 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8';

void test('the signing key of a ring key is the same in every version and on every node', () => {
  const { kid } = ringOf(`1:sign:1750000000:${MASTER}`).sign.active.signingKey();
  assert.equal(kid, '0nj3k52ysc7dW9JlsF6EyafmHNQa0e_fJCo8sA6SpIo');
  assert.equal(ringOf(`7:sign:0:${MASTER}`).sign.active.signingKey().kid, kid);
});

const MASTERS = ['B', 'C', 'D'].map((letter) => letter.repeat(42) + 'A');
const ringMadeAt = (...createdAt: readonly number[]) =>
  ringOf(...createdAt.map((at, index) => `${index + 1}:sign:${at}:${MASTERS[index]}`));

/** When the keys were made, the moment, and which signs then. */
const SIGNERS: readonly (readonly [string, readonly number[], number, number])[] = [
  ['the only key signs from its first second', [1000], 1000, 1],
  ['a fresh key does not sign yet', [1000, 9000], 9000, 1],
  ['nor ten minutes later to the second', [1000, 9000], 9600, 1],
  ['but it does from then on', [1000, 9000], 9601, 2],
  ['of two fresh keys the older one goes on', [1000, 9000, 9300], 9601, 2],
  ['where all are fresh, the oldest signs', [9000, 9001, 9002], 9010, 1],
  ['a key from a clock that ran ahead waits', [1000, 99_000], 9000, 1],
];

for (const [name, createdAt, now, number] of SIGNERS) {
  void test(`of the keys of a ring, ${name}`, () => {
    assert.equal(signingKeyAt(ringMadeAt(...createdAt), now).number, number);
  });
}

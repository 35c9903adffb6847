import assert from 'node:assert/strict';
import { createHmac, hash } from 'node:crypto';
import { test } from 'node:test';
import { openAccessToken, sealAccessToken } from './access-token.ts';
import { base64UrlShape } from './base-shapes.ts';
import { readConfirmation, writeConfirmation } from './binding.ts';
import type { Binding } from './binding.ts';
import { ringOf } from './key-ring.cases.ts';
import { withRegistrations } from './key-ring.ts';
import { createMac } from './mac.ts';
import { isFreshNonce, NONCE_BUCKET_MS, proofNonceAt } from './proof-nonce.ts';
import { openRefreshToken, openRefreshTokens, sealRefreshTokens } from './refresh-token.ts';
import { uuidV4Shape } from './shape.ts';

const LINE = '1:seal:1750000000:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8';
const OTHER_LINE = '2:seal:1750000000:_wECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8';
const RING = ringOf(LINE);
const KEY = RING.seal.active;
const LATER = ringOf(`${LINE}\n${OTHER_LINE}`);
const thumbprint = hash('sha256', 'a key', 'base64url');
const BINDINGS: readonly Binding[] = [
  { kind: 'jkt', thumbprint },
  { kind: 'x5t#S256', thumbprint },
];
const grantId = 42n;
const issuedAt = 1_750_000_000;

for (const shape of [uuidV4Shape, base64UrlShape])
  for (const binding of BINDINGS) {
    const access = sealAccessToken(KEY, shape, { grantId, issuedAt, serial: 1, binding });
    const [refresh = ''] = sealRefreshTokens(KEY, shape, [{ grantId, generation: 7, binding }]);
    const name = `${shape.macBytes} bytes of MAC, ${binding.kind}`;

    void test(`a bound token opens to its binding, also under a later key (${name})`, () => {
      for (const ring of [RING, LATER]) {
        assert.deepEqual(openAccessToken(ring, shape, access), { grantId, issuedAt, binding });
        assert.deepEqual(openRefreshToken(ring, shape, refresh), { grantId, generation: 7, binding });
        assert.deepEqual(openRefreshTokens(ring, shape, [refresh]), [{ grantId, generation: 7, binding }]);
      }
    });

    void test(`a bound token may be in an Authorization header (${name})`, () => {
      for (const token of [access, refresh]) assert.match(token, /^[A-Za-z0-9._~+/-]+$/);
    });

    void test(`a bound token without its binding, or with another, is worth nothing (${name})`, () => {
      const [plainAccess = '', accessBinding = ''] = access.split('~');
      const [plainRefresh = '', refreshBinding = ''] = refresh.split('~');
      const other = hash('sha256', 'another key', 'base64url');
      const changed = [
        plainAccess,
        `${plainAccess}~`,
        `${plainAccess}~${refreshBinding}`,
        access.replace(thumbprint, other),
        access.replace(/~./, binding.kind === 'jkt' ? '~c' : '~k'),
        access.slice(0, -1),
        `${access}A`,
        refresh,
      ];
      for (const text of changed) assert.equal(openAccessToken(RING, shape, text), undefined, text);
      assert.equal(openRefreshToken(RING, shape, plainRefresh), undefined);
      for (const text of [`${plainRefresh}~${accessBinding}`, refresh.replace(thumbprint, other), access])
        assert.equal(openRefreshToken(RING, shape, text), undefined, text);
    });
  }

void test('a plain token becomes no bound one by a binding of another token', () => {
  const [binding] = BINDINGS;
  const plain = sealAccessToken(KEY, uuidV4Shape, { grantId, issuedAt, serial: 1 });
  const bound = sealAccessToken(KEY, uuidV4Shape, { grantId, issuedAt, serial: 2, binding });
  assert.equal(openAccessToken(RING, uuidV4Shape, plain + bound.slice(bound.indexOf('~'))), undefined);
});

void test('a bound access token of a withdrawn key opens no more', () => {
  const [binding] = BINDINGS;
  const bound = sealAccessToken(KEY, uuidV4Shape, { grantId, issuedAt, serial: 2, binding });
  const withdrawal = { state: 'compromised', atMs: 1, opensUntilMs: 2 } as const;
  const { number, purpose, fingerprint } = KEY;
  const registered = { number, purpose, fingerprint, createdAtMs: 0, withdrawal };
  const withdrawn = withRegistrations(LATER, [registered]);
  assert.equal(openAccessToken(withdrawn, uuidV4Shape, bound), undefined);
});

void test('the MAC of a binding is HMAC-SHA-256 (RFC 2104)', () => {
  const key = Buffer.from('0123456789abcdef0123456789abcdef');
  for (const text of ['', 'access abc~k', 'a'.repeat(300)])
    assert.deepEqual(createMac(key)(text), createHmac('sha256', key).update(text).digest());
});

void test('a binding is written and read as a confirmation (RFC 7800)', () => {
  for (const binding of BINDINGS) assert.deepEqual(readConfirmation(writeConfirmation(binding)), binding);
  for (const other of [undefined, null, {}, { jkt: 1 }, { jkt: 'short' }, { kid: thumbprint }])
    assert.equal(readConfirmation(other), undefined);
});

void test('a nonce is good in its bucket and in the next, at every node with the key, and then no more', () => {
  const nowMs = 1_756_724_400_000;
  const nonce = proofNonceAt(RING, nowMs);
  assert.match(nonce, /^[A-Za-z0-9_-]{24}$/);
  assert.equal(proofNonceAt(ringOf(LINE), nowMs + NONCE_BUCKET_MS - 1), nonce);
  for (const laterMs of [0, NONCE_BUCKET_MS, 2 * NONCE_BUCKET_MS - 1])
    assert.ok(isFreshNonce(LATER, nowMs + laterMs, nonce));
  // Another node's clock is a little ahead.
  assert.ok(isFreshNonce(RING, nowMs - 1, nonce));
  for (const atMs of [nowMs + 2 * NONCE_BUCKET_MS, nowMs - NONCE_BUCKET_MS - 1])
    assert.ok(!isFreshNonce(RING, atMs, nonce));
  assert.ok(!isFreshNonce(ringOf(OTHER_LINE), nowMs, nonce));
  assert.ok(!isFreshNonce(RING, nowMs, ''));
});

import assert from 'node:assert/strict';
import { constants, createHmac, generateKeyPairSync, hash, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { test } from 'node:test';
import { checkProof, PROOF_CLOCK_SKEW_MS, PROOF_JTI_MAX_CHARACTERS } from './dpop-proof.ts';
import type { ProofFault, ProvedRequest } from './dpop-proof.ts';
import { verifySignature } from './verify-signature.ts';

const NOW = { nowMs: 1_756_724_400_000, doubt: undefined };
const SECONDS = NOW.nowMs / 1000;
const URI = 'https://id.example/oauth/token';
const NONCE = 'fresh';
const REQUEST: ProvedRequest = { method: 'POST', uri: URI, isFreshNonce: (nonce) => nonce === NONCE };

const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const otherEc = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' });
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const shortRsa = generateKeyPairSync('rsa', { modulusLength: 1024 });
const ed = generateKeyPairSync('ed25519');

type Pair = { readonly publicKey: KeyObject; readonly privateKey: KeyObject };
type Change = {
  readonly pair?: Pair;
  readonly header?: Readonly<Record<string, unknown>>;
  readonly claims?: Readonly<Record<string, unknown>>;
  /** Signs in place of the usual. */
  readonly signature?: (input: Buffer) => Buffer;
};

const jwkOf = ({ publicKey }: Pair) => publicKey.export({ format: 'jwk' });
const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

const SIGN: Readonly<Record<string, (input: Buffer, key: KeyObject) => Buffer>> = {
  ES256: (input, key) => sign('sha256', input, { key, dsaEncoding: 'ieee-p1363' }),
  PS256: (input, key) =>
    sign('sha256', input, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 }),
  RS256: (input, key) => sign('sha256', input, key),
  EdDSA: (input, key) => sign(null, input, key),
  Ed25519: (input, key) => sign(null, input, key),
};

const proofOf = ({ pair = ec, header = {}, claims = {}, signature }: Change = {}): string => {
  const head = { typ: 'dpop+jwt', alg: 'ES256', jwk: jwkOf(pair), ...header };
  const body = { jti: 'one', htm: 'POST', htu: URI, iat: SECONDS, nonce: NONCE, ...claims };
  const input = Buffer.from(`${encode(head)}.${encode(body)}`);
  const by = SIGN[head.alg] ?? SIGN['ES256'];
  const signed = signature?.(input) ?? by?.(input, pair.privateKey) ?? Buffer.alloc(0);
  return `${input.toString()}.${signed.toString('base64url')}`;
};

const GOOD: readonly (readonly [string, Change, Partial<ProvedRequest>?])[] = [
  ['by ES256', {}],
  ['by PS256', { pair: rsa, header: { alg: 'PS256' } }],
  ['by EdDSA', { pair: ed, header: { alg: 'EdDSA' } }],
  ['by Ed25519, as RFC 9864 calls it', { pair: ed, header: { alg: 'Ed25519' } }],
  ['with a key id beside the key', { header: { kid: 'a' } }],
  ['ten seconds ahead', { claims: { iat: SECONDS + 10 } }],
  ['ten seconds old', { claims: { iat: SECONDS - 10 } }],
  ['at the end of the skew', { claims: { iat: SECONDS - PROOF_CLOCK_SKEW_MS / 1000 } }],
  ['with nbf and exp', { claims: { nbf: SECONDS, exp: SECONDS + 60 } }],
  ['with the longest jti', { claims: { jti: 'j'.repeat(PROOF_JTI_MAX_CHARACTERS) } }],
  ['with a query and a fragment in htu', { claims: { htu: `${URI}?a=b#c` } }],
  ['with the default port in htu', { claims: { htu: 'https://id.example:443/oauth/token' } }],
  [
    'with upper case and needless percent signs in htu',
    { claims: { htu: 'HTTPS://ID.Example/oauth/%74oken' } },
  ],
  ['without a nonce where none is demanded', { claims: { nonce: undefined } }, { isFreshNonce: undefined }],
  [
    'with the hash of the access token',
    { claims: { ath: hash('sha256', 'token', 'base64url') } },
    { accessToken: 'token' },
  ],
];

for (const [name, change, request] of GOOD) {
  void test(`a proof ${name} is good, the second time too`, () => {
    const { jti = 'one' } = change.claims ?? {};
    const { crv, kty, x, y, n, e } = jwkOf(change.pair ?? ec);
    const members = kty === 'EC' ? { crv, kty, x, y } : kty === 'RSA' ? { e, kty, n } : { crv, kty, x };
    const thumbprint = hash('sha256', JSON.stringify(members), 'base64url');
    for (let times = 0; times < 2; times++)
      assert.deepEqual(checkProof(proofOf(change), { ...REQUEST, ...request }, NOW), { thumbprint, jti });
  });
}

const symmetric = (input: Buffer): Buffer => createHmac('sha256', 'shared').update(input).digest();

const BAD: readonly (readonly [string, ProofFault, Change | string, Partial<ProvedRequest>?])[] = [
  ['empty', 'proof_malformed', ''],
  ['that is no JWT', 'proof_malformed', 'abc'],
  ['twice in one header', 'proof_malformed', `${proofOf()}, ${proofOf()}`],
  ['of too many characters', 'proof_malformed', { claims: { more: 'm'.repeat(4096) } }],
  ['without a type', 'proof_malformed', { header: { typ: undefined } }],
  ['of another type', 'proof_malformed', { header: { typ: 'JWT' } }],
  ['with a critical header', 'proof_malformed', { header: { crit: ['b64'], b64: false } }],
  ['with no signature', 'proof_malformed', { header: { alg: 'none' }, signature: () => Buffer.alloc(0) }],
  ['with the algorithm none', 'proof_key_refused', { header: { alg: 'none' } }],
  ['by a shared key', 'proof_key_refused', { header: { alg: 'HS256' }, signature: symmetric }],
  ['by RS256', 'proof_key_refused', { pair: rsa, header: { alg: 'RS256' } }],
  ['by ES384', 'proof_key_refused', { pair: p384, header: { alg: 'ES384' } }],
  ['by another curve', 'proof_key_refused', { pair: p384 }],
  ['by a short RSA key', 'proof_key_refused', { pair: shortRsa, header: { alg: 'PS256' } }],
  [
    'by a key of another kind than its algorithm',
    'proof_key_refused',
    { pair: ec, header: { alg: 'PS256' } },
  ],
  ['without a key', 'proof_key_refused', { header: { jwk: undefined } }],
  ['with its private key', 'proof_key_refused', { header: { jwk: ec.privateKey.export({ format: 'jwk' }) } }],
  ['with a shared key in it', 'proof_key_refused', { header: { jwk: { ...jwkOf(ec), k: 'AA' } } }],
  [
    'with a point that is not on the curve',
    'proof_key_refused',
    { header: { jwk: { ...jwkOf(ec), x: Buffer.alloc(32, 7).toString('base64url') } } },
  ],
  [
    'with a coordinate that is written otherwise',
    'proof_key_refused',
    { header: { jwk: { ...jwkOf(ec), x: `${jwkOf(ec).x}=` } } },
  ],
  [
    'signed by another key',
    'proof_signature_wrong',
    { signature: (input) => SIGN['ES256']?.(input, otherEc.privateKey) ?? input },
  ],
  [
    'with a signature in DER',
    'proof_signature_wrong',
    { signature: (input) => sign('sha256', input, ec.privateKey) },
  ],
  ['without jti', 'proof_malformed', { claims: { jti: undefined } }],
  ['with an empty jti', 'proof_malformed', { claims: { jti: '' } }],
  ['with a number as jti', 'proof_malformed', { claims: { jti: 1 } }],
  [
    'with a jti that is too long',
    'proof_malformed',
    { claims: { jti: 'j'.repeat(PROOF_JTI_MAX_CHARACTERS + 1) } },
  ],
  ['without htm', 'proof_malformed', { claims: { htm: undefined } }],
  ['for another method', 'proof_of_other_request', { claims: { htm: 'GET' } }],
  ['for the method in lower case', 'proof_of_other_request', { claims: { htm: 'post' } }],
  ['without htu', 'proof_malformed', { claims: { htu: undefined } }],
  ['for another path', 'proof_of_other_request', { claims: { htu: 'https://id.example/oauth/par' } }],
  [
    'for another host',
    'proof_of_other_request',
    { claims: { htu: 'https://id.example.evil.example/oauth/token' } },
  ],
  ['for another scheme', 'proof_of_other_request', { claims: { htu: 'http://id.example/oauth/token' } }],
  ['for an encoded slash', 'proof_of_other_request', { claims: { htu: 'https://id.example/oauth%2Ftoken' } }],
  [
    'with a user name in htu',
    'proof_of_other_request',
    { claims: { htu: 'https://me@id.example/oauth/token' } },
  ],
  ['for a relative URL', 'proof_of_other_request', { claims: { htu: '/oauth/token' } }],
  ['without iat', 'proof_malformed', { claims: { iat: undefined } }],
  ['with a text as iat', 'proof_malformed', { claims: { iat: String(SECONDS) } }],
  ['that is too old', 'proof_out_of_time', { claims: { iat: SECONDS - 61 } }],
  ['that is too far ahead', 'proof_out_of_time', { claims: { iat: SECONDS + 61 } }],
  ['that is not valid yet', 'proof_out_of_time', { claims: { nbf: SECONDS + 61 } }],
  ['that has expired', 'proof_out_of_time', { claims: { exp: SECONDS - 61 } }],
  ['with a text as exp', 'proof_malformed', { claims: { exp: 'soon' } }],
  ['without a nonce', 'proof_nonce_missing', { claims: { nonce: undefined } }],
  ['with an old nonce', 'proof_nonce_missing', { claims: { nonce: 'old' } }],
  ['with a number as nonce', 'proof_nonce_missing', { claims: { nonce: 1 } }],
  ['without ath at a resource', 'proof_of_other_token', {}, { accessToken: 'token' }],
  [
    'for another access token',
    'proof_of_other_token',
    { claims: { ath: hash('sha256', 'other', 'base64url') } },
    { accessToken: 'token' },
  ],
];

for (const [name, fault, change, request] of BAD) {
  void test(`a proof ${name} is refused: ${fault}`, () => {
    const text = typeof change === 'string' ? change : proofOf(change);
    assert.equal(checkProof(text, { ...REQUEST, ...request }, NOW), fault);
  });
}

void test('a proof that was changed after it was signed is refused, also when its key is known', () => {
  const proof = proofOf();
  assert.equal(typeof checkProof(proof, REQUEST, NOW), 'object');
  const [header, , signature] = proof.split('.');
  const claims = encode({ jti: 'two', htm: 'POST', htu: URI, iat: SECONDS, nonce: NONCE });
  assert.equal(checkProof(`${header}.${claims}.${signature}`, REQUEST, NOW), 'proof_signature_wrong');
});

void test('a clock in doubt makes no proof too old', () => {
  const old = proofOf({ claims: { iat: SECONDS - 600 } });
  const doubt = { beforeMs: NOW.nowMs - 1000, byMs: 3_600_000 };
  assert.equal(checkProof(old, REQUEST, NOW), 'proof_out_of_time');
  assert.equal(typeof checkProof(old, REQUEST, { ...NOW, doubt }), 'object');
});

void test('every signature of a key is right, whatever zeros its numbers begin with', () => {
  for (let count = 0; count < 600; count++) {
    const input = Buffer.from(String(count));
    const signature = SIGN['ES256']?.(input, ec.privateKey) ?? input;
    assert.ok(verifySignature('ES256', ec.publicKey, input, signature));
  }
  assert.ok(!verifySignature('ES256', ec.publicKey, Buffer.from('a'), Buffer.alloc(64)));
});

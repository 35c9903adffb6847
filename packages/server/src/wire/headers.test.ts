import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { Refusal } from '../errors.ts';
import type { RefusalReason } from '../errors.ts';
import type { WireRequest } from './exchange.ts';
import {
  decodeFormText,
  decodeUtf8,
  readIdempotencyKey,
  readMediaType,
  readSentAccessToken,
} from './headers.ts';

const withHeaders = (headers: Readonly<Record<string, string | undefined>>): WireRequest => ({
  method: 'POST',
  path: '/oauth/token',
  query: '',
  headers,
  body: Buffer.alloc(0),
});

const isRefusedAs =
  (reason: RefusalReason) =>
  (error: unknown): boolean =>
    error instanceof Refusal && error.reason === reason;

const basic = (pair: string): string => `Basic ${Buffer.from(pair).toString('base64')}`;

const MEDIA_TYPES: readonly (readonly [string | undefined, string | undefined])[] = [
  [undefined, undefined],
  ['application/json', 'application/json'],
  ['Application/JSON', 'application/json'],
  ['application/json; charset=utf-8', 'application/json'],
  ['application/json;charset="utf-8";x=y', 'application/json'],
  [' application/x-www-form-urlencoded ;charset=UTF-8', 'application/x-www-form-urlencoded'],
  ['application/json, application/json', 'application/json, application/json'],
  ['', undefined],
  [' ', undefined],
  [';', undefined],
];

for (const [contentType, mediaType] of MEDIA_TYPES) {
  void test(`the media type of ${JSON.stringify(contentType)} is ${JSON.stringify(mediaType)}`, () => {
    assert.equal(readMediaType(withHeaders({ 'content-type': contentType })), mediaType);
  });
}

const KEYS: readonly (readonly [string, string])[] = [
  ['one character', 'a'],
  ['a UUID', '8e03978e-40d5-43e8-bc93-6894a57f9324'],
  [
    'every visible character of ASCII',
    String.fromCharCode(...Array.from({ length: 94 }, (_, index) => 0x21 + index)),
  ],
  ['255 characters', 'k'.repeat(255)],
  ['quotation marks, kept as they are', '"8e03978e"'],
];

for (const [name, key] of KEYS) {
  void test(`an Idempotency-Key may be ${name}`, () => {
    assert.equal(readIdempotencyKey(withHeaders({ 'idempotency-key': key })), key);
  });
}

void test('a request may come without an Idempotency-Key', () => {
  assert.equal(readIdempotencyKey(withHeaders({})), undefined);
});

const NO_KEYS: readonly (readonly [string, string])[] = [
  ['empty', ''],
  ['256 characters long', 'k'.repeat(256)],
  ['with a space in it', 'a b'],
  ['with space around it', ' a '],
  ['sent twice', 'a, a'],
  ['with a tab', 'a\tb'],
  ['with a line end', 'a\n'],
  ['with a deleted character', 'a\x7f'],
  ['with a letter outside ASCII', 'é'],
];

for (const [name, key] of NO_KEYS) {
  void test(`an Idempotency-Key is refused when it is ${name}`, () => {
    assert.throws(
      () => readIdempotencyKey(withHeaders({ 'idempotency-key': key })),
      isRefusedAs('idempotency_key_malformed'),
    );
  });
}

void test('text is decoded from UTF-8 exactly, including a byte order mark, or not at all', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      assert.equal(decodeUtf8(Buffer.from(text)), text);
    }),
  );
  assert.equal(decodeUtf8(Buffer.from('\uFEFFa')), '\uFEFFa');
  for (const bytes of [[0xff], [0xc3], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf5, 0x80, 0x80, 0x80]])
    assert.equal(decodeUtf8(Uint8Array.from(bytes)), undefined);
});

void test('form text is decoded, or undefined where it is malformed', () => {
  assert.equal(decodeFormText('a+b%20c%2B'), 'a b c+');
  assert.equal(decodeFormText(''), '');
  for (const text of ['%', '%4', '%zz', '%FF', '+%']) assert.equal(decodeFormText(text), undefined);
});

const BEARERS: readonly (readonly [string, string, string])[] = [
  ['a token', 'Bearer c0ffee00-dead-4bad-8bad-feedfacecafe', 'c0ffee00-dead-4bad-8bad-feedfacecafe'],
  ['a scheme in lower case and an extra space', 'bearer  abc ', 'abc'],
  ['a JWT', 'Bearer eyJ.e30.a-b_c', 'eyJ.e30.a-b_c'],
  ['every character that is allowed', 'Bearer aZ09-._~+/==', 'aZ09-._~+/=='],
];

for (const [name, authorization, token] of BEARERS) {
  void test(`Bearer with ${name} is read`, () => {
    assert.deepEqual(readSentAccessToken(withHeaders({ authorization })), {
      scheme: 'bearer',
      accessToken: token,
    });
  });
}

const BEARERS_REFUSED: readonly (readonly [string, string | undefined, RefusalReason])[] = [
  ['no header', undefined, 'access_token_missing'],
  ['an empty header', ' ', 'access_token_missing'],
  ['no token', 'Bearer', 'access_token_dead'],
  ['another scheme', basic('app:secret'), 'access_token_dead'],
  ['two headers', 'Bearer abc, Bearer def', 'access_token_dead'],
  ['a token with a space', 'Bearer abc def', 'access_token_dead'],
  ['a token in quotes', 'Bearer "abc"', 'access_token_dead'],
  ['a token twice prefixed', 'Bearer Bearer abc', 'access_token_dead'],
];

for (const [name, authorization, reason] of BEARERS_REFUSED) {
  void test(`Bearer with ${name} is refused`, () => {
    assert.throws(() => readSentAccessToken(withHeaders({ authorization })), isRefusedAs(reason));
  });
}

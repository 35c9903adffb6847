import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { Refusal } from '../errors.ts';
import type { RefusalReason } from '../errors.ts';
import type { WireRequest } from '../wire/exchange.ts';
import {
  decodeFormText,
  decodeUtf8,
  readBasic,
  readBearer,
  readIdempotencyKey,
  readMediaType,
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

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const basic = (pair: string): string => `Basic ${base64(pair)}`;
const say = (clientId: string, clientSecret: string) => ({ clientId, clientSecret });

const BASIC: readonly (readonly [string, string, readonly ReturnType<typeof say>[]])[] = [
  ['a plain id and secret, in one reading', basic('app:secret'), [say('app', 'secret')]],
  ['a generated secret, in one reading', basic('app:a-b_C9'), [say('app', 'a-b_C9')]],
  ['an encoded secret', basic('app:a%2Bb'), [say('app', 'a+b'), say('app', 'a%2Bb')]],
  ['a plus sign in the secret', basic('app:a+b'), [say('app', 'a b'), say('app', 'a+b')]],
  ['an encoded id', basic('my%20app:s'), [say('my app', 's'), say('my%20app', 's')]],
  ['an encoded colon in the id', basic('a%3Ab:s'), [say('a:b', 's'), say('a%3Ab', 's')]],
  ['both halves encoded', basic('a%41:b%42'), [say('aA', 'bB'), say('a%41', 'b%42')]],
  ['a colon in the secret', basic('app:a:b:c'), [say('app', 'a:b:c')]],
  ['a secret that begins with a colon', basic('app::b'), [say('app', ':b')]],
  ['an empty secret', basic('app:'), [say('app', '')]],
  ['a percent sign that encodes nothing', basic('app:100%'), [say('app', '100%')]],
  ['a percent sign that encodes no UTF-8', basic('app:%FF'), [say('app', '%FF')]],
  ['an id that does not decode, though the secret does', basic('a%:b%42'), [say('a%', 'b%42')]],
  ['UTF-8', basic('é:ü'), [say('é', 'ü')]],
  ['the scheme in lower case', basic('app:s').replace('Basic', 'basic'), [say('app', 's')]],
  ['the scheme in capitals', basic('app:s').replace('Basic', 'BASIC'), [say('app', 's')]],
  ['several spaces', basic('app:s').replace(' ', '   '), [say('app', 's')]],
  ['space around it', ` ${basic('app:s')}\t`, [say('app', 's')]],
  ['no padding', basic('app:s').replaceAll('=', ''), [say('app', 's')]],
  ['white space in the id and secret, which belongs to them', basic(' app : s '), [say(' app ', ' s ')]],
];

for (const [name, authorization, readings] of BASIC) {
  void test(`Basic is read with ${name}`, () => {
    assert.deepEqual(readBasic(withHeaders({ authorization })), readings);
  });
}

const NO_BASIC: readonly (readonly [string, string | undefined, RefusalReason])[] = [
  ['absent', undefined, 'credentials_missing'],
  ['empty', '', 'credentials_missing'],
  ['blank', ' \t ', 'credentials_missing'],
  ['of another scheme', `Bearer ${base64('app:secret')}`, 'credentials_malformed'],
  ['of a scheme that only begins so', `Basically ${base64('app:secret')}`, 'credentials_malformed'],
  ['the scheme alone', 'Basic', 'credentials_malformed'],
  ['the scheme and a space', 'Basic ', 'credentials_malformed'],
  ['without the scheme', base64('app:secret'), 'credentials_malformed'],
  ['without a space', `Basic${base64('app:secret')}`, 'credentials_malformed'],
  ['in plain text', 'Basic app:secret', 'credentials_malformed'],
  ['broken base64', 'Basic YXBw*nNlY3JldA==', 'credentials_malformed'],
  ['padded in the middle', 'Basic YXBw=nNlY3JldA', 'credentials_malformed'],
  ['padded too much', 'Basic YXBwOnM===', 'credentials_malformed'],
  ['in the other base64 alphabet', 'Basic YXBwOj8_Pz8-', 'credentials_malformed'],
  ['without a colon', basic('app'), 'credentials_malformed'],
  ['with an empty id', basic(':secret'), 'credentials_malformed'],
  ['a colon alone', basic(':'), 'credentials_malformed'],
  ['no UTF-8', `Basic ${Buffer.from([0x61, 0x3a, 0xff]).toString('base64')}`, 'credentials_malformed'],
  ['sent twice', `${basic('app:s')}, ${basic('app:s')}`, 'credentials_malformed'],
  ['followed by parameters', `${basic('app:s')} realm=x`, 'credentials_malformed'],
];

for (const [name, authorization, reason] of NO_BASIC) {
  void test(`an Authorization that is ${name} is refused`, () => {
    assert.throws(() => readBasic(withHeaders({ authorization })), isRefusedAs(reason));
  });
}

const ids = fc.string({ minLength: 1, unit: 'binary' }).filter((id) => !id.includes(':'));

void test('a client that sends its id and secret raw is always read so', () => {
  fc.assert(
    fc.property(ids, fc.string({ unit: 'binary' }), (clientId, clientSecret) => {
      const readings = readBasic(withHeaders({ authorization: basic(`${clientId}:${clientSecret}`) }));
      assert.deepEqual(readings.at(-1), { clientId, clientSecret });
      assert.ok(readings.length <= 2);
    }),
  );
});

const formEncode = (text: string): string => encodeURIComponent(text).replaceAll('%20', '+');

void test('a client that form-encodes its id and secret is always read so, first', () => {
  const any = fc.string({ unit: 'binary' });
  fc.assert(
    fc.property(
      any.filter((id) => id !== ''),
      any,
      (clientId, clientSecret) => {
        const authorization = basic(`${formEncode(clientId)}:${formEncode(clientSecret)}`);
        assert.deepEqual(readBasic(withHeaders({ authorization }))[0], { clientId, clientSecret });
      },
    ),
  );
});

void test('any Authorization is read or refused, never another failure', () => {
  const any = fc.oneof(
    fc.string(),
    fc.base64String().map((text) => `Basic ${text}`),
  );
  fc.assert(
    fc.property(any, (authorization) => {
      try {
        for (const { clientId } of readBasic(withHeaders({ authorization }))) assert.notEqual(clientId, '');
      } catch (error) {
        assert.ok(error instanceof Refusal);
      }
    }),
    { numRuns: 1000 },
  );
});

const MEDIA_TYPES: readonly (readonly [string | undefined, string | undefined])[] = [
  [undefined, undefined],
  ['application/json', 'application/json'],
  ['Application/JSON', 'application/json'],
  ['application/json; charset=utf-8', 'application/json'],
  ['application/json;charset="utf-8";x=y', 'application/json'],
  [' application/x-www-form-urlencoded ;charset=UTF-8', 'application/x-www-form-urlencoded'],
  ['application/json, application/json', 'application/json, application/json'],
  ['', ''],
  [';', ''],
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
  ['with a letter beyond ASCII', 'é'],
];

for (const [name, key] of NO_KEYS) {
  void test(`an Idempotency-Key is refused when it is ${name}`, () => {
    assert.throws(
      () => readIdempotencyKey(withHeaders({ 'idempotency-key': key })),
      isRefusedAs('idempotency_key_malformed'),
    );
  });
}

void test('text is decoded from UTF-8 as it is, a byte order mark too, or not at all', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      assert.equal(decodeUtf8(Buffer.from(text)), text);
    }),
  );
  assert.equal(decodeUtf8(Buffer.from('\uFEFFa')), '\uFEFFa');
  for (const bytes of [[0xff], [0xc3], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf5, 0x80, 0x80, 0x80]])
    assert.equal(decodeUtf8(Uint8Array.from(bytes)), undefined);
});

void test('form text is decoded, or told to be malformed', () => {
  assert.equal(decodeFormText('a+b%20c%2B'), 'a b c+');
  assert.equal(decodeFormText(''), '');
  for (const text of ['%', '%4', '%zz', '%FF', '+%']) assert.equal(decodeFormText(text), undefined);
});

const BEARERS: readonly (readonly [string, string, string])[] = [
  ['a token', 'Bearer c0ffee00-dead-4bad-8bad-feedfacecafe', 'c0ffee00-dead-4bad-8bad-feedfacecafe'],
  ['a scheme in small letters and a space too many', 'bearer  abc ', 'abc'],
  ['a JWT', 'Bearer eyJ.e30.a-b_c', 'eyJ.e30.a-b_c'],
  ['every character that is allowed', 'Bearer aZ09-._~+/==', 'aZ09-._~+/=='],
];

for (const [name, authorization, token] of BEARERS) {
  void test(`Bearer with ${name} is read`, () => {
    assert.equal(readBearer(withHeaders({ authorization })), token);
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
    assert.throws(() => readBearer(withHeaders({ authorization })), isRefusedAs(reason));
  });
}

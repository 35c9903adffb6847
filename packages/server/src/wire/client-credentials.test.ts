import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { AuthenticationMethod, Credentials } from '../clients/credentials.ts';
import { Refusal } from '../errors.ts';
import type { RefusalReason } from '../errors.ts';
import { readClientCredentials } from './client-credentials.ts';
import type { WireRequest } from './exchange.ts';

const withHeaders = (headers: WireRequest['headers']): WireRequest => ({
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
const say = (clientId: string, clientSecret: string): Credentials => ({
  method: 'client_secret_basic',
  clientId,
  clientSecret,
});

const METHODS = ['client_secret_basic', 'none'] as const;
const NO_FORM: ReadonlyMap<string, string> = new Map();
const readBasic = (authorization: string | undefined): readonly Credentials[] =>
  readClientCredentials(withHeaders({ authorization }), NO_FORM, METHODS);

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
    assert.deepEqual(readBasic(authorization), readings);
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
    assert.throws(() => readBasic(authorization), isRefusedAs(reason));
  });
}

const ids = fc.string({ minLength: 1, unit: 'binary' }).filter((id) => !id.includes(':'));

void test('an id and secret that are sent raw are always read raw, last', () => {
  fc.assert(
    fc.property(ids, fc.string({ unit: 'binary' }), (clientId, clientSecret) => {
      const readings = readBasic(basic(`${clientId}:${clientSecret}`));
      assert.deepEqual(readings.at(-1), say(clientId, clientSecret));
      assert.ok(readings.length <= 2);
    }),
  );
});

const formEncode = (text: string): string => encodeURIComponent(text).replaceAll('%20', '+');

void test('an id and secret that are form-encoded are always read decoded, first', () => {
  const any = fc.string({ unit: 'binary' });
  fc.assert(
    fc.property(
      any.filter((id) => id !== ''),
      any,
      (clientId, clientSecret) => {
        const authorization = basic(`${formEncode(clientId)}:${formEncode(clientSecret)}`);
        assert.deepEqual(readBasic(authorization)[0], say(clientId, clientSecret));
      },
    ),
  );
});

void test('any Authorization is read or refused, and never causes another error', () => {
  const any = fc.oneof(
    fc.string(),
    fc.base64String().map((text) => `Basic ${text}`),
  );
  fc.assert(
    fc.property(any, (authorization) => {
      try {
        for (const { clientId } of readBasic(authorization)) assert.notEqual(clientId, '');
      } catch (error) {
        assert.ok(error instanceof Refusal);
      }
    }),
    { numRuns: 1000 },
  );
});

const BASIC_OR_NONE = METHODS;
const BASIC_OR_POST = ['client_secret_basic', 'client_secret_post'] as const;
const APP = basic('app:secret');
const POST: Credentials = { method: 'client_secret_post', clientId: 'app', clientSecret: 'secret' };
const NONE: Credentials = { method: 'none', clientId: 'app' };

const FORMS: readonly (readonly [
  name: string,
  methods: readonly AuthenticationMethod[],
  authorization: string | undefined,
  form: Readonly<Record<string, string>>,
  outcome: Credentials | RefusalReason,
])[] = [
  ['HTTP Basic', BASIC_OR_NONE, APP, {}, say('app', 'secret')],
  ['HTTP Basic and the same id in the form', BASIC_OR_NONE, APP, { client_id: 'app' }, say('app', 'secret')],
  ['HTTP Basic and another id in the form', BASIC_OR_NONE, APP, { client_id: 'other' }, 'credentials_twice'],
  ['HTTP Basic and a secret in the form', BASIC_OR_NONE, APP, { client_secret: 's' }, 'credentials_twice'],
  [
    'HTTP Basic and both in the form',
    BASIC_OR_POST,
    APP,
    { client_id: 'app', client_secret: 's' },
    'credentials_twice',
  ],
  ['an id alone', BASIC_OR_NONE, undefined, { client_id: 'app' }, NONE],
  [
    'an id alone where a secret is needed',
    BASIC_OR_POST,
    undefined,
    { client_id: 'app' },
    'credentials_missing',
  ],
  [
    'an id and a secret in the form',
    BASIC_OR_POST,
    undefined,
    { client_id: 'app', client_secret: 'secret' },
    POST,
  ],
  [
    'an id and a secret in the form where only the header counts',
    BASIC_OR_NONE,
    undefined,
    { client_id: 'app', client_secret: 'secret' },
    'credentials_missing',
  ],
  ['an id alone and an empty header', BASIC_OR_NONE, '', { client_id: 'app' }, NONE],
  [
    'an id and a secret in the form and a blank header',
    BASIC_OR_POST,
    ' \t ',
    { client_id: 'app', client_secret: 'secret' },
    POST,
  ],
  ['a secret alone', BASIC_OR_POST, undefined, { client_secret: 's' }, 'credentials_missing'],
  ['a bad header and a secret', BASIC_OR_POST, 'Basic ???', { client_secret: 's' }, 'credentials_twice'],
  [
    'a bad header and a secret where only the header counts',
    BASIC_OR_NONE,
    'Basic ???',
    { client_secret: 's' },
    'credentials_malformed',
  ],
  ['neither', BASIC_OR_POST, undefined, {}, 'credentials_missing'],
];

for (const [name, methods, authorization, form, outcome] of FORMS) {
  const result = typeof outcome === 'string' ? outcome : outcome.method;
  void test(`a form with ${name}: ${result}`, () => {
    const request = withHeaders({ authorization });
    const fields = new Map(Object.entries(form));
    if (typeof outcome === 'string')
      assert.throws(() => readClientCredentials(request, fields, methods), isRefusedAs(outcome));
    else assert.deepEqual(readClientCredentials(request, fields, methods), [outcome]);
  });
}

import fc from 'fast-check';
import { fuzzRequest, keptRequest } from './request.ts';
import type { Framing, FuzzRequest, Identities } from './request.ts';
import type { RequestParts } from '../support/raw-request.ts';
import type { DialectName } from '../support/dialect-name.ts';

type Faults = Readonly<Record<string, readonly [expects: string, fc.Arbitrary<RequestParts>, Framing?]>>;

const header = (
  name: string,
  ...values: (string | readonly string[] | undefined)[]
): fc.Arbitrary<RequestParts> => fc.constantFrom(...values).map((value) => ({ headers: { [name]: value } }));
const each = <Value>(
  values: readonly Value[],
  change: (value: Value) => RequestParts,
): fc.Arbitrary<RequestParts> => fc.constantFrom(...values).map(change);
const text = (maxLength: number): fc.Arbitrary<string> =>
  fc.stringMatching(new RegExp(`^[a-z/_.-]{1,${maxLength}}$`));

/** What makes an unknown path of a known one. A single slash does not. */
const suffix = text(9).filter((one) => one !== '/');

const METHODS = ['GET', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'HEAD', 'PROPFIND', 'SEARCH'];
const HOSTS = [undefined, ['one.example', 'two.example']];
const BAD_KEYS = ['', 'two words', 'k'.repeat(256), 'k\u00e9y', 'k'.repeat(8000)];
const TRUNCATED_UTF8 = Buffer.from([0xc3]);

const withBody = (pieces: readonly (string | Buffer)[]): RequestParts => ({
  body: Buffer.concat(pieces.map((piece) => Buffer.from(piece))),
});

const smartcarFaults = (body: string): Faults => ({
  'another method': ['405 invalid_request', each(METHODS, (method) => ({ method }))],
  'another path': ['404 invalid_request', suffix.map((one) => ({ target: `/oauth/token${one}` }))],
  'no Host, or two': ['400 invalid_request', header('Host', ...HOSTS)],
  'no User-Agent': ['400 invalid_request', header('User-Agent', undefined, '', '  ')],
  'another Content-Type': [
    '400 invalid_request',
    text(12).map((type) => ({ headers: { 'Content-Type': type } })),
  ],
  'no Content-Type': ['400 invalid_request', header('Content-Type', undefined, '', ';charset=utf-8')],
  'no Authorization': [
    '401 invalid_client',
    header('Authorization', undefined, '', 'Basic', 'Basic ', 'Bearer x'),
  ],
  'a bad Idempotency-Key': ['400 invalid_request', header('Idempotency-Key', ...BAD_KEYS)],
  'an Expect header': [
    '417 invalid_request',
    text(9).map((expect) => ({ headers: { Expect: expect } })),
    'last',
  ],
  'another grant_type': [
    '400 unsupported_grant_type',
    text(9).map((type) => ({ body: body.replace('=refresh_token', `=${type}`) })),
  ],
  'a parameter twice': [
    '400 invalid_request',
    each(body.split('&'), (parameter) => ({ body: `${body}&${parameter}` })),
  ],
  'a parameter missing': ['400 invalid_request', each(body.split('&'), (parameter) => ({ body: parameter }))],
  'the secret in the body too': [
    '400 invalid_request',
    text(9).map((x) => ({ body: `${body}&client_secret=${x}` })),
  ],
  'another client_id in the body': [
    '400 invalid_request',
    text(9).map((x) => ({ body: `${body}&client_id=${x}` })),
  ],
  'a broken percent sign': [
    '400 invalid_request',
    each(['%', '%z', '%zz', '%f', '%ff', '%c0%af', '%ed%a0%80'], (junk) => ({ body: `${body}&x=${junk}` })),
  ],
  'invalid UTF-8': [
    '400 invalid_request',
    each(['&x=', '', '&'], (gap) => withBody([body, gap, TRUNCATED_UTF8])),
  ],
  'a body too large': [
    '413 invalid_request',
    each([16_385, 30_000, 200_000], (bytes) => ({ body: `${body}&x=`.padEnd(bytes, 'x') })),
    'last',
  ],
});

const pleosFaults = (body: string): Faults => {
  const members = Object.entries(JSON.parse(body) as Readonly<Record<string, string>>);
  const badValues = [undefined, null, true, 0, '', [], {}, ['x']] as const;
  const badMember = (field: string): Faults[string] => [
    `400 4002 ${field}`,
    each(badValues, (value) => ({
      body: JSON.stringify({ ...Object.fromEntries(members), [field]: value }),
    })),
  ];
  return {
    'another method': ['400 404', each(METHODS, (method) => ({ method }))],
    'another path': ['400 404', suffix.map((one) => ({ target: `/v1/auth/token-refresh${one}` }))],
    'no Host, or two': ['400 4002 request', header('Host', ...HOSTS)],
    'no valid brand': [
      '400 4002 Brand',
      header('Brand', undefined, '', 'hyundai,kia', ['kia', 'hyundai'], 'h', '__proto__'),
    ],
    'another brand': ['400 4002 refreshToken', header('Brand', 'kia', 'GENESIS', ' Kia ')],
    'another Content-Type': [
      '400 4002 Content-Type',
      text(12).map((type) => ({ headers: { 'Content-Type': type } })),
    ],
    'a bad Idempotency-Key': ['400 4002 Idempotency-Key', header('Idempotency-Key', ...BAD_KEYS)],
    'an Expect header': [
      '417 4002 Expect',
      text(9).map((expect) => ({ headers: { Expect: expect } })),
      'last',
    ],
    'a bad clientId': badMember('clientId'),
    'a bad clientSecret': badMember('clientSecret'),
    'a bad refreshToken': badMember('refreshToken'),
    'a member twice': [
      '400 4002 body',
      each(members, ([name, value]) => ({
        body: body.replace('{', `{${JSON.stringify(name)}:${JSON.stringify(value)},`),
      })),
    ],
    'truncated JSON': [
      '400 4002 body',
      fc.nat(body.length - 1).map((length) => ({ body: body.slice(0, length) })),
    ],
    'not an object': [
      '400 4002 body',
      each([`[${body}]`, JSON.stringify(body), `\ufeff\ufeff${body}`, `${body}\0`], (bad) => ({ body: bad })),
    ],
    'invalid UTF-8': [
      '400 4002 body',
      each(['{"x":"', '{"'], (head) => withBody([head, TRUNCATED_UTF8, `",${body.slice(1)}`])),
    ],
    'a body too large': [
      '400 4002 body',
      each([16_385, 30_000, 200_000], (bytes) => ({ body: body.padEnd(bytes) })),
      'last',
    ],
  };
};

/**
 * A request with the genuine client, secret and token, and with one fault for which the server must refuse it before it
 * uses the token. This finds a server that rotates the token and refuses the request afterwards.
 */
export const refusedRequest = (identities: Identities, dialect: DialectName): fc.Arbitrary<FuzzRequest> => {
  const { own } = identities[dialect];
  const good = keptRequest(dialect, own, own.refreshToken);
  const faults = (dialect === 'smartcar' ? smartcarFaults : pleosFaults)(String(good.body));
  const arbitraries = Object.entries(faults).map(([what, [expects, changes, framing = 'kept']]) =>
    changes.map((change) =>
      fuzzRequest(what, keptRequest(dialect, own, own.refreshToken, change), { dialect, expects, framing }),
    ),
  );
  return fc.oneof(...arbitraries);
};

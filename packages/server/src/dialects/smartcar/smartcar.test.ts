import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Refusal } from '../../errors.ts';
import type { RefusalReason } from '../../errors.ts';
import { readParameters } from '../../grant-types/grant-type.ts';
import { findGrantType, grantTypesOf } from '../../grant-types/grant-types.ts';
import type { WireRequest } from '../../wire/exchange.ts';
import type { TokenEndpoint } from '../dialect.ts';
import { smartcar } from './smartcar.ts';

const TOKEN = '0d3a5d8e-9f0b-41c6-8d2e-7a6b5c4d3e2f';
const FORM = 'application/x-www-form-urlencoded';
const BASIC = `Basic ${Buffer.from('app:secret').toString('base64')}`;
const REFRESH = `grant_type=refresh_token&refresh_token=${TOKEN}`;
const CODE = `grant_type=authorization_code&code=${TOKEN}&redirect_uri=https%3A%2F%2Fapp.example%2Fcallback`;

const request = (
  body: string | Buffer,
  headers: Readonly<Record<string, string | undefined>> = {},
): WireRequest => ({
  method: 'POST',
  path: '/oauth/token',
  query: '',
  headers: { authorization: BASIC, 'content-type': FORM, 'user-agent': 'app/1.0', ...headers },
  body: Buffer.from(body),
});

const endpoint = smartcar.tokenEndpoints['/oauth/token'];
assert.ok(endpoint !== undefined);

/** A request as the token endpoint reads it before it authenticates the client. */
const readRequest = (of: TokenEndpoint, wireRequest: WireRequest) => {
  const { grantType: name, parameters: sent, ...rest } = of.parse(wireRequest);
  const grantType = findGrantType(grantTypesOf(of), name);
  const parameters = readParameters(grantType, sent, smartcar.shapes, of.omittable);
  return { ...rest, grantType: grantType.grantType, parameters };
};

const CREDENTIALS = [{ method: 'client_secret_basic', clientId: 'app', clientSecret: 'secret' }];
const REFRESH_GRANT = {
  grantType: 'refresh_token',
  parameters: {
    refresh_token: TOKEN,
    scope: undefined,
    resource: undefined,
    authorization_details: undefined,
  },
};

const CODE_GRANT = {
  grantType: 'authorization_code',
  parameters: {
    code: TOKEN,
    redirect_uri: 'https://app.example/callback',
    code_verifier: undefined,
    resource: undefined,
    authorization_details: undefined,
  },
};

const PARSED: readonly (readonly [string, WireRequest, object])[] = [
  ['a refresh', request(REFRESH), { ...REFRESH_GRANT }],
  [
    'a refresh with a charset',
    request(REFRESH, { 'content-type': `${FORM}; charset=UTF-8` }),
    { ...REFRESH_GRANT },
  ],
  ['a refresh with unknown parameters', request(`${REFRESH}&allow_redirects=True`), { ...REFRESH_GRANT }],
  ['a refresh that says its client id again', request(`${REFRESH}&client_id=app`), { ...REFRESH_GRANT }],
  [
    'a refresh with empty credentials in the body',
    request(`${REFRESH}&client_secret=`),
    { ...REFRESH_GRANT },
  ],
  [
    'a refresh with an Idempotency-Key',
    request(REFRESH, { 'idempotency-key': 'key-1' }),
    { ...REFRESH_GRANT, idempotencyKey: 'key-1' },
  ],
  [
    'a refresh with a Brand, which this wire does not know',
    request(REFRESH, { brand: 'kia' }),
    { ...REFRESH_GRANT },
  ],
  [
    'a refresh with an encoded client id in the header and a plain one in the body',
    request(`${REFRESH}&client_id=my+app`, {
      authorization: `Basic ${Buffer.from('my%20app:s').toString('base64')}`,
    }),
    {
      ...REFRESH_GRANT,
      credentials: [
        { method: 'client_secret_basic', clientId: 'my app', clientSecret: 's' },
        { method: 'client_secret_basic', clientId: 'my%20app', clientSecret: 's' },
      ],
    },
  ],
  ['a code', request(CODE), { ...CODE_GRANT }],
  [
    'a code with a verifier',
    request(`${CODE}&code_verifier=verifier-1`),
    { ...CODE_GRANT, parameters: { ...CODE_GRANT.parameters, code_verifier: 'verifier-1' } },
  ],
  [
    'a code without a redirect URI, which the client may omit',
    request(`grant_type=authorization_code&code=${TOKEN}`),
    { ...CODE_GRANT, parameters: { ...CODE_GRANT.parameters, redirect_uri: undefined } },
  ],
  [
    'a code with an empty redirect URI',
    request(`grant_type=authorization_code&code=${TOKEN}&redirect_uri=`),
    { ...CODE_GRANT, parameters: { ...CODE_GRANT.parameters, redirect_uri: undefined } },
  ],
  ['a code with an empty verifier', request(`${CODE}&code_verifier=`), { ...CODE_GRANT }],
  [
    'a code of a public client, which names itself in the body',
    request(`${CODE}&client_id=app`, { authorization: undefined }),
    { ...CODE_GRANT, credentials: [{ method: 'none', clientId: 'app' }] },
  ],
  [
    'a refresh with the credentials in the body',
    request(`${REFRESH}&client_id=app&client_secret=secret`, { authorization: undefined }),
    {
      ...REFRESH_GRANT,
      credentials: [{ method: 'client_secret_post', clientId: 'app', clientSecret: 'secret' }],
    },
  ],
  [
    'a refresh of a public client',
    request(`${REFRESH}&client_id=app`, { authorization: undefined }),
    { ...REFRESH_GRANT, credentials: [{ method: 'none', clientId: 'app' }] },
  ],
  [
    'a refresh of a public client with an empty secret',
    request(`${REFRESH}&client_id=app&client_secret=`, { authorization: undefined }),
    { ...REFRESH_GRANT, credentials: [{ method: 'none', clientId: 'app' }] },
  ],
];

for (const [name, wireRequest, expected] of PARSED) {
  void test(`${name} is read`, () => {
    assert.deepEqual(readRequest(endpoint, wireRequest), {
      credentials: CREDENTIALS,
      brand: undefined,
      idempotencyKey: undefined,
      ...expected,
    });
  });
}

const REFUSED: readonly (readonly [string, WireRequest, RefusalReason])[] = [
  ['without a Content-Type', request(REFRESH, { 'content-type': undefined }), 'content_type_wrong'],
  ['of JSON', request('{}', { 'content-type': 'application/json' }), 'content_type_wrong'],
  [
    'of multipart',
    request(REFRESH, { 'content-type': 'multipart/form-data; boundary=x' }),
    'content_type_wrong',
  ],
  ['with a broken form', request(`${REFRESH}&x=%zz`), 'body_malformed'],
  ['with a form that is not UTF-8', request(Buffer.from([0x61, 0x3d, 0xff])), 'body_malformed'],
  ['with a parameter twice', request(`${REFRESH}&refresh_token=${TOKEN}`), 'parameter_repeated'],
  ['without credentials', request(REFRESH, { authorization: undefined }), 'credentials_missing'],
  ['with an empty Authorization', request(REFRESH, { authorization: '' }), 'credentials_missing'],
  ['with a Bearer token', request(REFRESH, { authorization: `Bearer ${TOKEN}` }), 'credentials_malformed'],
  ['with a secret in header and body', request(`${REFRESH}&client_secret=secret`), 'credentials_twice'],
  ['with another client id in the body', request(`${REFRESH}&client_id=other`), 'credentials_twice'],
  [
    'with a malformed Idempotency-Key',
    request(REFRESH, { 'idempotency-key': 'a b' }),
    'idempotency_key_malformed',
  ],
  ['with an empty body', request(''), 'grant_type_missing'],
  ['without grant_type', request(`refresh_token=${TOKEN}`), 'grant_type_missing'],
  ['with an empty grant_type', request(`grant_type=&refresh_token=${TOKEN}`), 'grant_type_missing'],
  ['with another grant_type', request('grant_type=password&username=x'), 'grant_type_unsupported'],
  [
    'with a grant_type in capitals',
    request(`grant_type=REFRESH_TOKEN&refresh_token=${TOKEN}`),
    'grant_type_unsupported',
  ],
  ['without refresh_token', request('grant_type=refresh_token'), 'refresh_token_missing'],
  [
    'with an empty refresh_token',
    request('grant_type=refresh_token&refresh_token='),
    'refresh_token_missing',
  ],
  ['without code', request('grant_type=authorization_code&redirect_uri=x'), 'code_missing'],
  [
    'with a word for a code',
    request('grant_type=authorization_code&code=abc&redirect_uri=x'),
    'code_malformed',
  ],
  ['with a code in capitals', request(CODE.replace(TOKEN, TOKEN.toUpperCase())), 'code_malformed'],
  ['with two codes', request(`${CODE}&code=${TOKEN}`), 'parameter_repeated'],
  ['with two verifiers', request(`${CODE}&code_verifier=a&code_verifier=a`), 'parameter_repeated'],
  [
    'with a secret in the body and no id',
    request(`${REFRESH}&client_secret=s`, { authorization: undefined }),
    'credentials_missing',
  ],
];

for (const [name, wireRequest, reason] of REFUSED) {
  void test(`a request ${name} is refused as ${reason}`, () => {
    assert.throws(
      () => readRequest(endpoint, wireRequest),
      (error: unknown) => error instanceof Refusal && error.reason === reason,
    );
  });
}

void test('there is one token endpoint, and a path that only looks like it is another', () => {
  assert.deepEqual(Object.keys(smartcar.tokenEndpoints), ['/oauth/token']);
});

const ANSWER = {
  accessToken: '88704225-9f6c-4919-93e7-e0cec71317ce',
  expiresInSeconds: 7200,
  refreshToken: '60a9e801-6d26-4d88-926e-5c7f9fc13486',
  refreshExpiresInSeconds: 5_184_000,
};
const EXCHANGE = { requestId: '6d4226e7-a7dd-44e0-b29c-9eed26be249d', nowMs: 1_750_000_000_123 };
const HEADERS = {
  'Content-Type': 'application/json',
  'Cache-Control': 'no-store',
  Pragma: 'no-cache',
  'sc-request-id': EXCHANGE.requestId,
};

void test('the answer has exactly the members and headers of the page', () => {
  const { status, headers, body } = smartcar.renderAnswer(ANSWER, smartcar.defaultPolicy, EXCHANGE);
  assert.equal(status, 200);
  assert.deepEqual(headers, HEADERS);
  assert.equal(
    body,
    JSON.stringify({
      access_token: ANSWER.accessToken,
      token_type: 'Bearer',
      expires_in: 7200,
      refresh_token: ANSWER.refreshToken,
    }),
  );
});

void test('the answer has the lifetime of the refresh token for a client that wants it', () => {
  const policy = { ...smartcar.defaultPolicy, includeRefreshExpiry: true };
  assert.deepEqual(JSON.parse(smartcar.renderAnswer(ANSWER, policy, EXCHANGE).body), {
    access_token: ANSWER.accessToken,
    token_type: 'Bearer',
    expires_in: 7200,
    refresh_token: ANSWER.refreshToken,
    refresh_token_expires_in: 5_184_000,
  });
});

const ERRORS: readonly (readonly [RefusalReason, number, string, Readonly<Record<string, string>>])[] = [
  ['path_unknown', 404, 'invalid_request', {}],
  ['method_not_allowed', 405, 'invalid_request', { Allow: 'POST' }],
  ['body_too_large', 413, 'invalid_request', {}],
  ['body_too_slow', 408, 'invalid_request', {}],
  ['content_type_wrong', 400, 'invalid_request', {}],
  ['parameter_repeated', 400, 'invalid_request', {}],
  ['user_agent_missing', 400, 'invalid_request', {}],
  ['grant_type_missing', 400, 'invalid_request', {}],
  ['grant_type_unsupported', 400, 'unsupported_grant_type', {}],
  ['refresh_token_malformed', 400, 'invalid_request', {}],
  ['credentials_twice', 400, 'invalid_request', {}],
  ['credentials_missing', 401, 'invalid_client', { 'WWW-Authenticate': 'Basic realm="oauth"' }],
  ['client_secret_wrong', 401, 'invalid_client', { 'WWW-Authenticate': 'Basic realm="oauth"' }],
  ['code_unknown', 400, 'invalid_grant', {}],
  ['expired', 400, 'invalid_grant', {}],
  ['replayed', 400, 'invalid_grant', {}],
  ['store_unavailable', 503, 'temporarily_unavailable', { 'Retry-After': '2' }],
  ['overloaded', 503, 'temporarily_unavailable', { 'Retry-After': '2' }],
];

for (const [reason, status, error, headers] of ERRORS) {
  void test(`${reason} is answered with ${status} ${error}`, () => {
    const response = smartcar.renderRefusal(new Refusal(reason), undefined, EXCHANGE);
    assert.equal(response.status, status);
    assert.deepEqual(response.headers, { ...HEADERS, ...headers });
    assert.equal((JSON.parse(response.body) as { error: string }).error, error);
  });
}

const describe = (reason: RefusalReason): string => {
  const { body } = smartcar.renderRefusal(new Refusal(reason), undefined, EXCHANGE);
  return (JSON.parse(body) as { error_description: string }).error_description;
};

void test('a dead token and a malformed one are answered with the texts of the vendor', () => {
  assert.equal(describe('expired'), 'Invalid or expired refresh token.');
  assert.match(describe('refresh_token_malformed'), /^Invalid refresh_token:/);
  assert.match(describe('code_malformed'), /^Invalid code:/);
});

void test('the refusal of a request without a User-Agent names the switch', () => {
  assert.match(describe('user_agent_missing'), /requireUserAgent/);
});

const scopeNames = (kind: string): readonly string[] =>
  smartcar.scopes.filter((scope) => scope.kind === kind).map(({ name }) => name.replace(/^[a-z]+_/, ''));

test('the documented permissions are all there, each of its kind', () => {
  assert.deepEqual(
    scopeNames('read').toSorted(),
    (
      'battery charge charge_events charge_locations charge_records climate compass diagnostics engine_oil ' +
      'extended_vehicle_info fuel location odometer security service_history speedometer thermometer tires ' +
      'user_profile vehicle_info vin'
    ).split(' '),
  );
  assert.deepEqual(
    scopeNames('control').toSorted(),
    'charge climate navigation pin security trunk'.split(' '),
  );
});

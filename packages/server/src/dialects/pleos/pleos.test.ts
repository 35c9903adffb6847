import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Refusal } from '../../errors.ts';
import type { FieldFault, RefusalReason } from '../../errors.ts';
import { readParameters } from '../../grant-types/grant-type.ts';
import { findGrantType, grantTypesOf } from '../../grant-types/grant-types.ts';
import type { WireRequest } from '../../wire/exchange.ts';
import type { TokenEndpoint } from '../dialect.ts';
import { pleos } from './pleos.ts';

const UUID = '0d3a5d8e-9f0b-41c6-8d2e-7a6b5c4d3e2f';
const REFRESH = { clientId: 'app', clientSecret: 'secret', refreshToken: 'A'.repeat(36) };
const CODE = {
  clientId: 'app',
  clientSecret: 'secret',
  code: `${UUID}.${UUID}`,
  redirectUrl: 'https://app.example/callback',
};

const request = (
  body: object | string | Buffer,
  headers: Readonly<Record<string, string | undefined>> = {},
): WireRequest => ({
  method: 'POST',
  path: '/v1/auth/token-refresh',
  query: '',
  headers: { brand: 'kia', 'content-type': 'application/json', ...headers },
  body: Buffer.isBuffer(body) ? body : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
});

const refreshEndpoint = pleos.tokenEndpoints['/v1/auth/token-refresh'];
const codeEndpoint = pleos.tokenEndpoints['/v1/auth/token'];
assert.ok(refreshEndpoint !== undefined && codeEndpoint !== undefined);

/** A request as the token endpoint reads it before it authenticates the client. */
const readRequest = (of: TokenEndpoint, wireRequest: WireRequest) => {
  const { grantType: name, parameters: sent, ...rest } = of.parse(wireRequest);
  const grantType = findGrantType(grantTypesOf(of), name);
  const parameters = readParameters(grantType, sent, pleos.shapes, of.omittable);
  return { ...rest, grantType: grantType.grantType, parameters };
};

/** What a wire of JSON has no members for. */
const WITHOUT_MORE = { scope: undefined, resource: undefined, authorization_details: undefined };

const UNDERSTOOD = {
  credentials: [{ method: 'client_secret_json', clientId: 'app', clientSecret: 'secret' }],
  brand: 'kia',
  idempotencyKey: undefined,
  grantType: 'refresh_token',
  parameters: { refresh_token: REFRESH.refreshToken, ...WITHOUT_MORE },
};

const PARSED: readonly (readonly [string, WireRequest, object])[] = [
  ['a refresh', request(REFRESH), {}],
  ['a refresh without a Content-Type', request(REFRESH, { 'content-type': undefined }), {}],
  ['a refresh with a blank Content-Type', request(REFRESH, { 'content-type': '' }), {}],
  ['a refresh with a charset', request(REFRESH, { 'content-type': 'Application/JSON; charset=utf-8' }), {}],
  ['a refresh with unknown members', request({ ...REFRESH, more: { x: [1] } }), {}],
  ['a refresh for Hyundai', request(REFRESH, { brand: 'hyundai' }), { brand: 'hyundai' }],
  ['a refresh for Genesis in capitals', request(REFRESH, { brand: 'GENESIS' }), { brand: 'genesis' }],
  ['a refresh with space around the brand', request(REFRESH, { brand: ' Kia ' }), { brand: 'kia' }],
  [
    'a refresh with an Idempotency-Key',
    request(REFRESH, { 'idempotency-key': 'key-1' }),
    { idempotencyKey: 'key-1' },
  ],
  ['a refresh with white space in the JSON', request(` \n${JSON.stringify(REFRESH, undefined, 2)}\n`), {}],
  [
    'a refresh with a token of another shape, which gets the answer of a dead one',
    request({ ...REFRESH, refreshToken: UUID }),
    { parameters: { refresh_token: UUID, ...WITHOUT_MORE } },
  ],
];

for (const [name, wireRequest, expected] of PARSED) {
  void test(`${name} is read`, () => {
    assert.deepEqual(readRequest(refreshEndpoint, wireRequest), { ...UNDERSTOOD, ...expected });
  });
}

void test('a code is read', () => {
  const { code, redirectUrl: redirect_uri } = CODE;
  const grantType = 'authorization_code';
  const parameters = {
    code,
    redirect_uri,
    code_verifier: undefined,
    resource: undefined,
    authorization_details: undefined,
  };
  assert.deepEqual(readRequest(codeEndpoint, request(CODE)), { ...UNDERSTOOD, grantType, parameters });
});

const REQUIRED = 'is required';
const STRING = 'must be a string';
const BRAND: FieldFault = { field: 'Brand', message: 'must be hyundai, kia or genesis' };
const fault = (field: string, message: string): FieldFault => ({ field, message });

const REFUSED: readonly (readonly [string, WireRequest, RefusalReason, readonly FieldFault[]])[] = [
  [
    'of a form',
    request('a=1', { 'content-type': 'application/x-www-form-urlencoded' }),
    'content_type_wrong',
    [],
  ],
  ['of text', request(REFRESH, { 'content-type': 'text/plain' }), 'content_type_wrong', []],
  ['without a body', request(''), 'body_malformed', []],
  ['that is not JSON', request('{"clientId":'), 'body_malformed', []],
  ['that is not UTF-8', request(Buffer.from([0x7b, 0xff, 0x7d])), 'body_malformed', []],
  ['that is a list', request('[]'), 'body_malformed', []],
  ['that is null', request('null'), 'body_malformed', []],
  ['that is a string', request('"clientId"'), 'body_malformed', []],
  [
    'that is empty',
    request({}),
    'parameters_wrong',
    [fault('clientId', REQUIRED), fault('clientSecret', REQUIRED), fault('refreshToken', REQUIRED)],
  ],
  [
    'with a member missing',
    request({ ...REFRESH, refreshToken: undefined }),
    'parameters_wrong',
    [fault('refreshToken', REQUIRED)],
  ],
  [
    'with an empty member',
    request({ ...REFRESH, clientSecret: '' }),
    'parameters_wrong',
    [fault('clientSecret', REQUIRED)],
  ],
  [
    'with members that are not strings',
    request({ clientId: 1, clientSecret: null, refreshToken: ['x'] }),
    'parameters_wrong',
    [fault('clientId', STRING), fault('clientSecret', STRING), fault('refreshToken', STRING)],
  ],
  ['without a brand', request(REFRESH, { brand: undefined }), 'parameters_wrong', [BRAND]],
  ['with an empty brand', request(REFRESH, { brand: '' }), 'parameters_wrong', [BRAND]],
  ['with another brand', request(REFRESH, { brand: 'tesla' }), 'parameters_wrong', [BRAND]],
  ['with two brands', request(REFRESH, { brand: 'kia, kia' }), 'parameters_wrong', [BRAND]],
  [
    'with everything wrong at once',
    request({ clientId: '', clientSecret: 2 }, { brand: 'x' }),
    'parameters_wrong',
    [fault('clientId', REQUIRED), fault('clientSecret', STRING), fault('refreshToken', REQUIRED), BRAND],
  ],
  [
    'with a malformed Idempotency-Key',
    request(REFRESH, { 'idempotency-key': '' }),
    'idempotency_key_malformed',
    [],
  ],
];

const isRefusal =
  (reason: RefusalReason, details: readonly FieldFault[]) =>
  (error: unknown): boolean => {
    assert.ok(error instanceof Refusal);
    assert.equal(error.reason, reason);
    assert.deepEqual(error.details, details);
    return true;
  };

for (const [name, wireRequest, reason, details] of REFUSED) {
  void test(`a body or header ${name} is refused as ${reason}`, () => {
    assert.throws(() => readRequest(refreshEndpoint, wireRequest), isRefusal(reason, details));
  });
}

void test('the refusal of a code request names every missing member', () => {
  assert.throws(
    () => readRequest(codeEndpoint, request({})),
    isRefusal(
      'parameters_wrong',
      ['clientId', 'clientSecret', 'code', 'redirectUrl'].map((field) => fault(field, REQUIRED)),
    ),
  );
});

for (const code of [
  UUID,
  `${UUID}.`,
  `${UUID}.${UUID}.${UUID}`,
  `${UUID}.${UUID} `,
  `${UUID}.${UUID.toUpperCase()}`,
]) {
  void test(`the code ${JSON.stringify(code)} is malformed`, () => {
    assert.throws(
      () => readRequest(codeEndpoint, request({ ...CODE, code })),
      isRefusal('code_malformed', []),
    );
  });
}

const EXCHANGE = { requestId: '6d4226e7-a7dd-44e0-b29c-9eed26be249d', nowMs: 1_756_724_400_999 };
const HEADERS = {
  'Content-Type': 'application/json',
  'Cache-Control': 'no-store',
  'X-Request-Id': EXCHANGE.requestId,
};

void test('the answer has exactly the members of the page, with success a string and code a number', () => {
  const tokens = {
    accessToken: 'a'.repeat(36),
    expiresInSeconds: 3600,
    refreshToken: 'B'.repeat(36),
    refreshExpiresInSeconds: 7_776_000,
  };
  for (const includeRefreshExpiry of [false, true]) {
    const response = pleos.renderAnswer(tokens, { ...pleos.defaultPolicy, includeRefreshExpiry }, EXCHANGE);
    assert.equal(response.status, 200);
    assert.deepEqual(response.headers, HEADERS);
    assert.deepEqual(JSON.parse(response.body), {
      data: { accessToken: tokens.accessToken, refreshToken: tokens.refreshToken },
      meta: {
        code: 200,
        message: 'Success',
        success: 'true',
        timestamp: '2025-09-01T11:00:00Z',
        requestId: EXCHANGE.requestId,
      },
    });
  }
});

const DEAD: FieldFault = { field: 'refreshToken', message: 'is invalid, expired or already used' };

type Row = readonly [
  RefusalReason,
  number,
  string,
  string,
  readonly FieldFault[],
  Readonly<Record<string, string>>,
];
const ERRORS: readonly Row[] = [
  ['path_unknown', 400, '404', 'NotFound', [], {}],
  ['method_not_allowed', 400, '404', 'NotFound', [], { Allow: 'POST' }],
  ['parameters_wrong', 400, '4002', 'Invalid request parameters', [], {}],
  ['refresh_token_malformed', 400, '4002', 'Invalid request parameters', [DEAD], {}],
  ['expired', 400, '4002', 'Invalid request parameters', [DEAD], {}],
  ['code_unknown', 400, '4002', 'Invalid request parameters', [{ ...DEAD, field: 'code' }], {}],
  ['client_unknown', 400, '401', 'Unauthorized', [], {}],
  ['client_secret_wrong', 400, '401', 'Unauthorized', [], {}],
  ['store_unavailable', 503, '5001', 'Internal Server Error', [], { 'Retry-After': '2' }],
  ['overloaded', 503, '5001', 'Internal Server Error', [], { 'Retry-After': '2' }],
];

for (const [reason, status, code, message, details, headers] of ERRORS) {
  void test(`${reason} is answered with ${status} and the code ${code}`, () => {
    const response = pleos.renderRefusal(new Refusal(reason), pleos.defaultPolicy, EXCHANGE);
    assert.equal(response.status, status);
    assert.deepEqual(response.headers, { ...HEADERS, ...headers });
    assert.deepEqual(JSON.parse(response.body), {
      error: { code, message, details, timestamp: '2025-09-01T11:00:00Z', requestId: EXCHANGE.requestId },
    });
  });
}

void test('the details list the faults of a request', () => {
  const response = pleos.renderRefusal(new Refusal('parameters_wrong', [BRAND]), undefined, EXCHANGE);
  assert.deepEqual((JSON.parse(response.body) as { error: { details: unknown } }).error.details, [BRAND]);
});

const answerOf = (reason: RefusalReason, deadTokenCode: '401' | '403' | '4011') => {
  const policy = { ...pleos.defaultPolicy, dialectOptions: { deadTokenCode } };
  const { status, body } = pleos.renderRefusal(new Refusal(reason), policy, EXCHANGE);
  return {
    status,
    ...(JSON.parse(body) as { error: { code: string; message: string; details: unknown } }).error,
  };
};

for (const [deadTokenCode, message] of [
  ['401', 'Unauthorized'],
  ['403', 'Forbidden'],
  ['4011', 'Invalid Authorization Header'],
] as const) {
  void test(`a client's deadTokenCode ${deadTokenCode} is the code for dead refresh tokens and codes only`, () => {
    const { status, code, message: answered, details } = answerOf('replayed', deadTokenCode);
    assert.deepEqual([status, code, answered, details], [400, deadTokenCode, message, [DEAD]]);
    assert.equal(answerOf('parameters_wrong', deadTokenCode).code, '4002');
    assert.equal(answerOf('code_unknown', deadTokenCode).code, deadTokenCode);
    assert.equal(answerOf('client_secret_wrong', deadTokenCode).code, '401');
    assert.equal(answerOf('store_unavailable', deadTokenCode).code, '5001');
  });
}

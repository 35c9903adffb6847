import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parsePolicy } from '../clients/policy.ts';
import { Refusal, REFUSAL_REASONS } from '../errors.ts';
import type { RefusalReason } from '../errors.ts';
import type { Dialect, TokenEndpoint } from './dialect.ts';
import { readParameters } from '../grant-types/grant-type.ts';
import { findGrantType, grantTypesOf } from '../grant-types/grant-types.ts';
import type { TokenShapes } from '../grants/issue.ts';
import type { WireRequest } from '../wire/exchange.ts';
import { DIALECTS } from './dialects.ts';

/** One answer for all of them, or the answer would be an oracle. */
const DEAD_TOKEN: readonly RefusalReason[] = [
  'token_undecryptable',
  'unknown',
  'client_mismatch',
  'brand_mismatch',
  'revoked',
  'expired',
  'until_passed',
  'concurrent_use',
  'ahead',
  'replayed',
  'key_compromised',
  'key_retired',
];
/** One answer for all of them. Only the client that a code was issued to learns what it sent wrong. */
const DEAD_CODE: readonly RefusalReason[] = [
  'code_unknown',
  'code_expired',
  'code_client_mismatch',
  'code_reloaded',
  'code_replayed',
];
const CODE_NOT_MATCHED: readonly RefusalReason[] = [
  'code_redirect_wrong',
  'code_verifier_wrong',
  'code_key_wrong',
];
/** One answer for all of them, or ids and secrets could be guessed one after the other. */
const UNAUTHENTICATED: readonly RefusalReason[] = [
  'client_unknown',
  'client_secret_wrong',
  'client_of_other_dialect',
  'client_disabled',
  'client_method_wrong',
  'assertion_key_unknown',
  'assertion_signature_wrong',
];
const AWAY: ReadonlySet<RefusalReason> = new Set([
  'store_unavailable',
  'overloaded',
  'client_keys_unavailable',
]);

const EXCHANGE = { requestId: '6d4226e7-a7dd-44e0-b29c-9eed26be249d', nowMs: 1_750_000_000_000 };

const render = (dialect: Dialect, reason: RefusalReason) =>
  dialect.renderRefusal(new Refusal(reason), dialect.defaultPolicy, EXCHANGE);

/** RFC 6749 §5.2. */
const ERROR_DESCRIPTION = /^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/;
const ERRORS = new Set([
  'invalid_request',
  'invalid_client',
  'invalid_grant',
  'unsupported_grant_type',
  'temporarily_unavailable',
  // RFC 6749 §5.2, RFC 7009 §2.2.1, RFC 6750 §3.1
  'unauthorized_client',
  'invalid_scope',
  'unsupported_token_type',
  'insufficient_scope',
  'invalid_token',
  // RFC 8707 §2
  'invalid_target',
  'invalid_authorization_details',
  // RFC 9449 §5 and §8
  'invalid_dpop_proof',
  'use_dpop_nonce',
]);

void test('every dialect is listed under its own name', () => {
  for (const [name, dialect] of Object.entries(DIALECTS)) assert.equal(dialect.name, name);
});

void test('no two dialects share a path, a webhook format or an option', () => {
  const dialects: readonly Dialect[] = Object.values(DIALECTS);
  const claims = dialects.flatMap((dialect) => [
    ...Object.keys(dialect.tokenEndpoints).map((path) => `POST ${path}`),
    ...(dialect.deviceAuthorizationPath === undefined ? [] : [`POST ${dialect.deviceAuthorizationPath}`]),
    `GET ${dialect.authorization.path}`,
    `prefix ${dialect.pathPrefix}`,
    ...(dialect.webhookFormat === undefined ? [] : [`format ${dialect.webhookFormat.name}`]),
    ...Object.keys(dialect.options ?? {}).map((name) => `option ${name}`),
  ]);
  assert.deepEqual([...new Set(claims)], claims);
});

void test('a new grant type opens at the token endpoint of the RFCs only, and at no endpoint of a vendor', () => {
  const open = Object.values(DIALECTS).flatMap(({ tokenEndpoints }) =>
    Object.entries<TokenEndpoint>(tokenEndpoints)
      .filter(([, endpoint]) => endpoint.serves('urn:example:new'))
      .map(([path]) => path),
  );
  assert.deepEqual(open, ['/token']);
});

for (const dialect of Object.values(DIALECTS)) {
  for (const reason of REFUSAL_REASONS) {
    void test(`${dialect.name} answers ${reason} with a well-formed refusal that must not be cached`, () => {
      for (const policy of [dialect.defaultPolicy, undefined]) {
        const { status, headers, body } = dialect.renderRefusal(new Refusal(reason), policy, EXCHANGE);
        assert.ok(Number.isInteger(status) && status >= 400 && status < 600 && status !== 500);
        assert.equal(headers['Content-Type'], 'application/json');
        assert.equal(headers['Cache-Control'], 'no-store');
        assert.ok(Object.values(headers).includes(EXCHANGE.requestId));
        for (const [name, value] of Object.entries(headers)) {
          assert.match(name, /^[A-Za-z-]+$/);
          assert.match(value, /^[\x20-\x7e]+$/);
        }
        assert.ok(Object.keys(JSON.parse(body) as object).length > 0);
      }
    });
  }

  void test(`${dialect.name} does not reveal why a refresh token is dead`, () => {
    const [first, ...others] = DEAD_TOKEN.map((reason) => render(dialect, reason));
    for (const other of others) assert.deepEqual(other, first);
  });

  void test(`${dialect.name} does not reveal why a code is dead`, () => {
    const [first, ...others] = DEAD_CODE.map((reason) => render(dialect, reason));
    for (const other of others) assert.deepEqual(other, first);
  });

  void test(`${dialect.name} does not reveal why a client is refused`, () => {
    const [first, ...others] = UNAUTHENTICATED.map((reason) => render(dialect, reason));
    for (const other of others) assert.deepEqual(other, first);
  });

  void test(`${dialect.name} reports an outage, and only an outage, as 503, and never as a dead token`, () => {
    for (const reason of REFUSAL_REASONS) {
      const { status, body } = render(dialect, reason);
      assert.equal(status === 503, AWAY.has(reason), reason);
      assert.equal(status === 429, reason === 'throttled', reason);
      if (status !== 503 && status !== 429) continue;
      assert.doesNotMatch(body, /invalid_grant|4002|invalid_client|"401"/);
    }
  });

  void test(`${dialect.name} sends Retry-After with 503 and 429, and with nothing else`, () => {
    for (const reason of REFUSAL_REASONS) {
      const { status, headers } = render(dialect, reason);
      assert.equal('Retry-After' in headers, status === 503 || status === 429, reason);
      if ('Retry-After' in headers) assert.match(headers['Retry-After'] ?? '', /^[1-9][0-9]*$/);
    }
  });

  void test(`${dialect.name} sends a throttled client the number of seconds that are left`, () => {
    const refusal = new Refusal('throttled', [], { retryAfterSeconds: 17 });
    const { status, headers } = dialect.renderRefusal(refusal, undefined, EXCHANGE);
    assert.deepEqual([status, headers['Retry-After']], [429, '17']);
  });

  void test(`${dialect.name} never redirects, and names an authentication scheme with 401 only`, () => {
    for (const reason of REFUSAL_REASONS) {
      const { status, headers } = render(dialect, reason);
      assert.ok(!('Location' in headers));
      assert.equal(status === 401, 'WWW-Authenticate' in headers, reason);
      if (status === 405) assert.equal(headers['Allow'], 'POST');
    }
  });

  void test(`the default policy of ${dialect.name} is valid`, () => {
    assert.deepEqual(parsePolicy(dialect.defaultPolicy), { policy: dialect.defaultPolicy });
  });
}

for (const dialect of [DIALECTS.smartcar, DIALECTS.oauth]) {
  void test(`${dialect.name} answers every refusal with an error and a description of RFC 6749, always both`, () => {
    for (const reason of REFUSAL_REASONS) {
      const body = JSON.parse(render(dialect, reason).body) as Record<string, string>;
      assert.deepEqual(Object.keys(body), ['error', 'error_description'], reason);
      assert.ok(ERRORS.has(body['error'] ?? ''), reason);
      assert.match(body['error_description'] ?? '', ERROR_DESCRIPTION, reason);
    }
  });
}

/** RFC 6749 §5.2 has no other error for a malformed token; Smartcar's own SDKs expect `invalid_request`. */
const MALFORMED: readonly RefusalReason[] = ['refresh_token_malformed', 'code_malformed'];

for (const [dialect, dead] of [
  [DIALECTS.smartcar, [...DEAD_TOKEN, ...DEAD_CODE, ...CODE_NOT_MATCHED]],
  [DIALECTS.oauth, [...DEAD_TOKEN, ...DEAD_CODE, ...CODE_NOT_MATCHED, ...MALFORMED]],
] as const)
  void test(`${dialect.name} reports a dead token or code, and nothing else, as invalid_grant`, () => {
    for (const reason of REFUSAL_REASONS) {
      const { error } = JSON.parse(render(dialect, reason).body) as { error: string };
      assert.equal(error === 'invalid_grant', dead.includes(reason), reason);
    }
  });

void test('Pleos answers every refusal with an error alone, whose code is a string and whose details list fields', () => {
  for (const reason of REFUSAL_REASONS) {
    const body = JSON.parse(render(DIALECTS.pleos, reason).body) as { error: Record<string, unknown> };
    assert.deepEqual(Object.keys(body), ['error'], reason);
    const { code, message, details, timestamp, requestId, ...more } = body.error;
    assert.deepEqual(more, {}, reason);
    assert.match(String(code), /^(?:401|403|404|4002|4011|4101|40002|5001|5006)$/);
    assert.equal(typeof code, 'string');
    assert.ok(typeof message === 'string' && message !== '');
    assert.equal(timestamp, '2025-06-15T15:06:40Z');
    assert.equal(requestId, EXCHANGE.requestId);
    assert.ok(Array.isArray(details));
    for (const detail of details as readonly object[])
      assert.deepEqual(Object.keys(detail), ['field', 'message']);
  }
});

// A refusal echoes nothing of what was sent, whatever is wrong with the request.
const TOKEN = 'c0ffee00-dead-4bad-8bad-feedfacecafe';
const SECRET = 'hunter2-XyZ';
const CLIENT = 'client-7f3a';
const MARKS = [TOKEN, TOKEN.toUpperCase(), TOKEN.slice(0, 13), SECRET, CLIENT];

const basic = (pair: string): string => `Basic ${Buffer.from(pair).toString('base64')}`;
const FORM = {
  authorization: basic(`${CLIENT}:${SECRET}`),
  'content-type': 'application/x-www-form-urlencoded',
};
const JSON_HEADERS = { brand: 'kia', 'content-type': 'application/json' };
const MEMBERS = { clientId: CLIENT, clientSecret: SECRET, refreshToken: TOKEN };

type Sent = readonly [path: string, headers: Readonly<Record<string, string>>, body: string];
const SENT: readonly Sent[] = [
  ['/oauth/token', FORM, `grant_type=${TOKEN}`],
  ['/oauth/token', FORM, `refresh_token=${TOKEN}&refresh_token=${TOKEN}`],
  ['/oauth/token', FORM, `${TOKEN}=1&${TOKEN}=2`],
  ['/oauth/token', FORM, `grant_type=refresh_token&refresh_token=${TOKEN}&client_secret=${SECRET}`],
  ['/oauth/token', FORM, `grant_type=authorization_code&redirect_uri=x&code=${TOKEN}x`],
  ['/oauth/token', FORM, `refresh_token=${TOKEN}%zz`],
  ['/oauth/token', { ...FORM, 'content-type': SECRET }, ''],
  ['/oauth/token', { ...FORM, authorization: basic(`:${SECRET}`) }, ''],
  ['/oauth/token', { ...FORM, authorization: `Bearer ${TOKEN}` }, ''],
  ['/oauth/token', { ...FORM, 'idempotency-key': `${TOKEN} ${SECRET}` }, `refresh_token=${TOKEN}`],
  ['/v1/auth/token-refresh', JSON_HEADERS, `${JSON.stringify(MEMBERS)},`],
  ['/v1/auth/token-refresh', JSON_HEADERS, JSON.stringify([MEMBERS])],
  ['/v1/auth/token-refresh', JSON_HEADERS, JSON.stringify({ ...MEMBERS, clientId: [SECRET] })],
  ['/v1/auth/token-refresh', JSON_HEADERS, JSON.stringify({ [TOKEN]: SECRET, [SECRET]: '' })],
  ['/v1/auth/token-refresh', { ...JSON_HEADERS, brand: SECRET }, JSON.stringify(MEMBERS)],
  ['/v1/auth/token-refresh', { ...JSON_HEADERS, 'content-type': TOKEN }, JSON.stringify(MEMBERS)],
  ['/v1/auth/token-refresh', { ...JSON_HEADERS, 'idempotency-key': `${TOKEN} x` }, JSON.stringify(MEMBERS)],
  ['/v1/auth/token', JSON_HEADERS, JSON.stringify({ ...MEMBERS, code: TOKEN, redirectUrl: TOKEN })],
];

const readRequest = (endpoint: TokenEndpoint, request: WireRequest, shapes: TokenShapes): object => {
  const { grantType: name, parameters } = endpoint.parse(request);
  const grantType = findGrantType(grantTypesOf(endpoint), name);
  return readParameters(grantType, parameters, shapes, endpoint.omittable);
};

for (const [index, [path, headers, body]] of SENT.entries()) {
  void test(`the refusal of wrong request ${index + 1} echoes no token, no secret and no id`, () => {
    const dialect = Object.values(DIALECTS).find(({ tokenEndpoints }) => path in tokenEndpoints);
    assert.ok(dialect !== undefined);
    const request: WireRequest = { method: 'POST', path, query: '', headers, body: Buffer.from(body) };
    const endpoint = dialect.tokenEndpoints[path];
    assert.ok(endpoint !== undefined);
    assert.throws(
      () => readRequest(endpoint, request, dialect.shapes),
      (error: unknown) => {
        assert.ok(error instanceof Refusal);
        const response = dialect.renderRefusal(error, dialect.defaultPolicy, EXCHANGE);
        const refused = JSON.stringify([response, error.message, error.details, error.stack]);
        for (const mark of MARKS) assert.ok(!refused.includes(mark), mark);
        return true;
      },
    );
  });
}

test('the examples of every dialect ask for scopes that it has', () => {
  for (const { name, scopes, examples } of Object.values(DIALECTS)) {
    const known = new Set([...scopes].map((scope) => scope.name));
    const client = { clientId: 'a', clientSecret: 'b', redirectUri: 'https://app.example/callback' };
    const targets = [examples.authorizationTarget(client), examples.demoAuthorizationTarget(client)];
    const asked = targets.map(
      (target) => new URL(target, 'https://fob.example').searchParams.get('scope') ?? '',
    );
    for (const scope of [examples.demoScope, ...asked].flatMap((text) => text.split(' '))) {
      const plain = scope.replace(/^required:/, '');
      assert.ok(plain === '' || known.has(plain), `${name} has no scope ${scope}`);
    }
  }
});

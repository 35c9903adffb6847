import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parsePolicy } from '../clients/policy.ts';
import { Refusal } from '../errors.ts';
import type { RefusalReason } from '../errors.ts';
import type { Dialect } from './dialect.ts';
import type { WireRequest } from '../wire/exchange.ts';
import { DIALECTS } from './dialects.ts';

/** Every reason there is; the compiler sees to it that none is left out. */
const REASONS = Object.keys({
  path_unknown: true,
  method_not_allowed: true,
  body_too_large: true,
  body_too_slow: true,
  request_malformed: true,
  expectation_unknown: true,
  content_type_wrong: true,
  body_malformed: true,
  parameter_repeated: true,
  parameters_wrong: true,
  user_agent_missing: true,
  idempotency_key_malformed: true,
  grant_type_missing: true,
  grant_type_unsupported: true,
  refresh_token_missing: true,
  refresh_token_malformed: true,
  code_missing: true,
  code_malformed: true,
  redirect_uri_missing: true,
  redirect_uri_unregistered: true,
  credentials_missing: true,
  credentials_malformed: true,
  credentials_twice: true,
  client_unknown: true,
  client_secret_wrong: true,
  client_of_other_dialect: true,
  client_disabled: true,
  code_unknown: true,
  code_expired: true,
  code_client_mismatch: true,
  code_redirect_wrong: true,
  code_verifier_wrong: true,
  code_replayed: true,
  client_not_permitted: true,
  scope_unknown: true,
  token_missing: true,
  token_type_unsupported: true,
  access_token_missing: true,
  access_token_dead: true,
  scope_missing: true,
  vehicle_unknown: true,
  vehicles_not_shared: true,
  throttled: true,
  token_undecryptable: true,
  unknown: true,
  client_mismatch: true,
  brand_mismatch: true,
  revoked: true,
  expired: true,
  concurrent_use: true,
  ahead: true,
  replayed: true,
  store_unavailable: true,
  overloaded: true,
} satisfies Record<RefusalReason, true>) as readonly RefusalReason[];

/** Told alike, or the answer would be an oracle. */
const DEAD_TOKEN: readonly RefusalReason[] = [
  'token_undecryptable',
  'unknown',
  'client_mismatch',
  'brand_mismatch',
  'revoked',
  'expired',
  'concurrent_use',
  'ahead',
  'replayed',
];
/** Told alike; to the client that a code was issued to, Smartcar's wire tells apart what it has sent wrong. */
const DEAD_CODE: readonly RefusalReason[] = [
  'code_unknown',
  'code_expired',
  'code_client_mismatch',
  'code_replayed',
];
const CODE_NOT_MATCHED: readonly RefusalReason[] = ['code_redirect_wrong', 'code_verifier_wrong'];
/** Told alike, or ids and secrets could be guessed one after the other. */
const NOBODY: readonly RefusalReason[] = [
  'client_unknown',
  'client_secret_wrong',
  'client_of_other_dialect',
  'client_disabled',
];
const AWAY: ReadonlySet<RefusalReason> = new Set(['store_unavailable', 'overloaded']);

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
]);

for (const dialect of Object.values(DIALECTS)) {
  for (const reason of REASONS) {
    void test(`${dialect.name} tells ${reason} as a well-formed refusal that must not be cached`, () => {
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

  void test(`${dialect.name} does not tell why a refresh token is dead`, () => {
    const [first, ...others] = DEAD_TOKEN.map((reason) => render(dialect, reason));
    for (const other of others) assert.deepEqual(other, first);
  });

  void test(`${dialect.name} does not tell why a code is dead`, () => {
    const [first, ...others] = DEAD_CODE.map((reason) => render(dialect, reason));
    for (const other of others) assert.deepEqual(other, first);
  });

  void test(`${dialect.name} does not tell why a client is refused`, () => {
    const [first, ...others] = NOBODY.map((reason) => render(dialect, reason));
    for (const other of others) assert.deepEqual(other, first);
  });

  void test(`${dialect.name} tells an outage as 503 and nothing else so, and never as a dead token`, () => {
    for (const reason of REASONS) {
      const { status, body } = render(dialect, reason);
      assert.equal(status === 503, AWAY.has(reason), reason);
      assert.equal(status === 429, reason === 'throttled', reason);
      if (status !== 503 && status !== 429) continue;
      assert.doesNotMatch(body, /invalid_grant|4002|invalid_client|"401"/);
    }
  });

  void test(`${dialect.name} says when to come back to whom it sends away for a while, and to nobody else`, () => {
    for (const reason of REASONS) {
      const { status, headers } = render(dialect, reason);
      assert.equal('Retry-After' in headers, status === 503 || status === 429, reason);
      if ('Retry-After' in headers) assert.match(headers['Retry-After'] ?? '', /^[1-9][0-9]*$/);
    }
  });

  void test(`${dialect.name} tells a throttled client how many seconds are left`, () => {
    const refusal = new Refusal('throttled', [], { retryAfterSeconds: 17 });
    const { status, headers } = dialect.renderRefusal(refusal, undefined, EXCHANGE);
    assert.deepEqual([status, headers['Retry-After']], [429, '17']);
  });

  void test(`${dialect.name} never answers with a redirect or an authentication it does not speak`, () => {
    for (const reason of REASONS) {
      const { status, headers } = render(dialect, reason);
      assert.ok(!('Location' in headers));
      assert.equal(status === 401, 'WWW-Authenticate' in headers, reason);
      if (status === 405) assert.equal(headers['Allow'], 'POST');
    }
  });

  void test(`the default policy of ${dialect.name} is a policy`, () => {
    assert.deepEqual(parsePolicy(dialect.defaultPolicy), { policy: dialect.defaultPolicy });
  });
}

void test('Smartcar tells every refusal by an error of RFC 6749 and a description in its characters, both always', () => {
  for (const reason of REASONS) {
    const body = JSON.parse(render(DIALECTS.smartcar, reason).body) as Record<string, string>;
    assert.deepEqual(Object.keys(body), ['error', 'error_description'], reason);
    assert.ok(ERRORS.has(body['error'] ?? ''), reason);
    assert.match(body['error_description'] ?? '', ERROR_DESCRIPTION, reason);
  }
});

void test('Smartcar tells a dead token, and nothing but a dead token or code, as invalid_grant', () => {
  for (const reason of REASONS) {
    const { error } = JSON.parse(render(DIALECTS.smartcar, reason).body) as { error: string };
    const isDead = [...DEAD_TOKEN, ...DEAD_CODE, ...CODE_NOT_MATCHED].includes(reason);
    assert.equal(error === 'invalid_grant', isDead, reason);
  }
});

void test('Pleos tells every refusal by an error alone, its code a string, its details a list of fields', () => {
  for (const reason of REASONS) {
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

// What was sent is not said again, whatever is wrong with the request.
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

for (const [index, [path, headers, body]] of SENT.entries()) {
  void test(`nothing of a token, a secret or an id is said again in the refusal of wrong request ${index + 1}`, () => {
    const dialect = Object.values(DIALECTS).find(({ tokenEndpoints }) => path in tokenEndpoints);
    assert.ok(dialect !== undefined);
    const request: WireRequest = { method: 'POST', path, query: '', headers, body: Buffer.from(body) };
    const parse = dialect.tokenEndpoints[path];
    assert.ok(parse !== undefined);
    assert.throws(
      () => parse(request),
      (error: unknown) => {
        assert.ok(error instanceof Refusal);
        const response = dialect.renderRefusal(error, dialect.defaultPolicy, EXCHANGE);
        const said = JSON.stringify([response, error.message, error.details, error.stack]);
        for (const mark of MARKS) assert.ok(!said.includes(mark), mark);
        return true;
      },
    );
  });
}

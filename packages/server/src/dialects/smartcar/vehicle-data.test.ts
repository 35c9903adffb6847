import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Refusal } from '../../errors.ts';
import type { RefusalReason } from '../../errors.ts';
import { attributesOf, pageOf, readPaging, renderData, renderDataRefusal } from './vehicle-data.ts';

const EXCHANGE = { requestId: '6d4226e7-a7dd-44e0-b29c-9eed26be249d', nowMs: 1_750_000_000_000 };

const REFUSALS: readonly (readonly [RefusalReason, number, string, string | null, string | null])[] = [
  ['access_token_missing', 401, 'AUTHENTICATION', null, null],
  ['access_token_dead', 401, 'AUTHENTICATION', null, null],
  ['scope_missing', 403, 'PERMISSION', null, 'REAUTHENTICATE'],
  ['vehicle_unknown', 403, 'PERMISSION', null, 'REAUTHENTICATE'],
  ['path_unknown', 404, 'RESOURCE_NOT_FOUND', 'PATH', null],
  ['parameters_wrong', 400, 'VALIDATION', null, null],
  ['parameter_repeated', 400, 'VALIDATION', null, null],
  ['body_malformed', 400, 'VALIDATION', null, null],
  ['request_malformed', 400, 'VALIDATION', null, null],
  ['method_not_allowed', 405, 'VALIDATION', null, null],
  ['body_too_large', 413, 'VALIDATION', null, null],
  ['body_too_slow', 408, 'VALIDATION', null, null],
  ['expectation_unknown', 417, 'VALIDATION', null, null],
  ['throttled', 429, 'SERVER', 'INTERNAL', 'RETRY_LATER'],
  ['store_unavailable', 503, 'SERVER', 'INTERNAL', 'RETRY_LATER'],
  ['overloaded', 503, 'SERVER', 'INTERNAL', 'RETRY_LATER'],
];

for (const [reason, status, type, code, resolution] of REFUSALS)
  test(`the API answers ${reason} with ${type}, ${status}`, () => {
    const response = renderDataRefusal(new Refusal(reason), EXCHANGE);
    assert.equal(response.status, status);
    assert.equal(response.headers['Content-Type'], 'application/json');
    assert.equal(response.headers['Cache-Control'], 'no-store');
    assert.equal(response.headers['sc-request-id'], EXCHANGE.requestId);
    assert.equal('Retry-After' in response.headers, resolution === 'RETRY_LATER');
    assert.equal('WWW-Authenticate' in response.headers, status === 401);
    const { description, docURL, ...body } = JSON.parse(response.body) as Record<string, unknown>;
    assert.ok(typeof description === 'string' && description !== '');
    assert.match(String(docURL), /^https:\/\/smartcar\.com\/docs\/errors\/api-errors\/[a-z-]+#[a-z]+$/);
    const { requestId } = EXCHANGE;
    assert.deepEqual(body, { type, code, statusCode: status, requestId, resolution: { type: resolution } });
  });

test('the detail of an error lists the faults of single parameters', () => {
  const faults = [{ field: 'limit', message: 'must be a whole number of at least 1' }];
  const { body } = renderDataRefusal(new Refusal('parameters_wrong', faults), EXCHANGE);
  assert.deepEqual((JSON.parse(body) as { detail: unknown }).detail, faults);
});

test('the API answers with data that must not be cached', () => {
  const { status, headers, body } = renderData({ id: 'owner-1' }, EXCHANGE);
  assert.equal(status, 200);
  assert.equal(headers['Cache-Control'], 'no-store');
  assert.equal(headers['sc-request-id'], EXCHANGE.requestId);
  assert.equal(body, '{"id":"owner-1"}');
});

const withQuery = (query: string) => ({
  method: 'GET',
  path: '/v2.0/vehicles',
  query,
  headers: {},
  body: Buffer.alloc(0),
});

const PAGES: readonly (readonly [string, readonly string[] | 'refused', number?])[] = [
  ['', ['a', 'b']],
  ['limit=1', ['a']],
  ['limit=3', ['a', 'b', 'c']],
  ['limit=4', ['a', 'b', 'c']],
  ['limit=999999999', ['a', 'b', 'c']],
  ['limit=1&offset=2', ['c'], 2],
  ['offset=2', ['c'], 2],
  ['offset=3', [], 3],
  ['offset=0', ['a', 'b']],
  ['limit=&offset=', ['a', 'b']],
  ['flags=country%3ADE', ['a', 'b']],
  ['limit=0', 'refused'],
  ['limit=-1', 'refused'],
  ['limit=1.5', 'refused'],
  ['limit=1e3', 'refused'],
  ['limit=1000000000', 'refused'],
  ['offset=-1', 'refused'],
  ['offset=x', 'refused'],
  ['limit=1&limit=2', 'refused'],
  ['limit=%zz', 'refused'],
];

const readLetters = (query: string): object =>
  pageOf('letters', ['a', 'b', 'c'], readPaging(withQuery(query), 2));

for (const [query, expected, offset = 0] of PAGES)
  test(`a list of three, two a page, asked for with "${query}"`, () => {
    if (expected === 'refused') assert.throws(() => readLetters(query), Refusal);
    else assert.deepEqual(readLetters(query), { letters: expected, paging: { count: 3, offset } });
  });

test('both faults of a page are reported at once', () => {
  assert.throws(
    () => readPaging(withQuery('limit=0&offset=x'), 2),
    (error: unknown) => error instanceof Refusal && error.details.length === 2,
  );
});

test('the attributes of a vehicle are four, its make in capitals', () => {
  const vehicle = {
    id: 'v',
    vin: 'KMH',
    make: 'kia',
    model: 'EV6',
    year: 2024,
    nickname: 'Blue',
    powertrain: 'EV',
  } as const;
  assert.deepEqual(attributesOf(vehicle), { id: 'v', make: 'KIA', model: 'EV6', year: 2024 });
});

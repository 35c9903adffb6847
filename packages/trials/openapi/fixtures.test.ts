import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { FIXTURE_DIALECTS, fixtureFilesOf } from '../wire/fixtures/suite.ts';
import { fill, readFixtures } from '../wire/fixtures/case.ts';
import type { FixtureCase } from '../wire/fixtures/case.ts';
import { assertDescribed, assertValid, DOCUMENT, findOperation } from './described.ts';
import type { Operation } from './described.ts';

const UUID = '6d4226e7-a7dd-44e0-b29c-9eed26be249d';
/** What stands for the values of matchers. */
const SAMPLES: Readonly<Record<string, string>> = {
  uuid: UUID,
  timestamp: '2025-09-01T11:00:00Z',
  seconds: '2',
  serverUrl: 'https://fob.example',
  vehicle1: UUID,
  vehicle2: UUID,
  smartcarRefreshToken: UUID,
  pleosRefreshToken: 'A'.repeat(36),
  oauthRefreshToken: 'a'.repeat(40),
};

/** Where a whole number stands in an answer. */
const NUMBER = '"${number}"';

/** Names that stand for refresh tokens of the dialect. */
const REFRESH_TOKEN = /refreshToken|successor/i;

/** Every placeholder of a case with its sample, or else with its own name. */
const samplesOf = (fixture: FixtureCase, dialect: string): ReadonlyMap<string, string> => {
  const names = [...JSON.stringify(fixture).matchAll(/\$\{(\w+)/g)].map(([, name = '']) => name);
  // A dialect without tokens of its own form has those of plain OAuth 2.0.
  const refreshToken = SAMPLES[`${dialect}RefreshToken`] ?? SAMPLES['oauthRefreshToken'];
  const sampleOf = (name: string) => (REFRESH_TOKEN.test(name) ? refreshToken : SAMPLES[name]) ?? name;
  return new Map(names.map((name) => [name, sampleOf(name)]));
};

const withNumbers = (fixture: FixtureCase): FixtureCase =>
  JSON.parse(JSON.stringify(fixture).replaceAll(NUMBER, '1')) as FixtureCase;

/** The fields of a form; a repeatable one is a list. */
const readFields = (text: string, { requestBody }: Operation): object => {
  const form = new URLSearchParams(text);
  const schema = JSON.stringify(requestBody);
  return Object.fromEntries(
    [...new Set(form.keys())].map((name) => [
      name,
      schema.includes(`"${name}":{"type":"array"`) ? form.getAll(name) : form.get(name),
    ]),
  );
};

/** Asserts that a request that is answered well is as described. */
const assertRequest = (operation: Operation, { request, given }: FixtureCase): void => {
  const query = new URLSearchParams(request.path.split('?')[1]);
  const headers = new Headers(request.headers);
  for (const { in: place, name, required, schema } of operation.parameters ?? []) {
    if (place === 'path' || (name === 'User-Agent' && given?.['requireUserAgent'] === false)) continue;
    const value = (place === 'header' ? headers : query).get(name);
    if (value === null) assert.ok(!required, `${operation.operationId} has no ${name}`);
    else assertValid(schema, schema['type'] === 'integer' ? Number(value) : value, name);
  }
  const content = Object.entries(operation.requestBody?.content ?? {});
  const [sent = ''] = (headers.get('Content-Type') ?? '').split(';');
  // A wire that needs no header has one media type.
  for (const [mediaType, { schema }] of content.filter(([one]) => content.length === 1 || one === sent)) {
    const { body } = request;
    const fields =
      mediaType === 'application/json'
        ? typeof body === 'string'
          ? (JSON.parse(body.replace(/^\ufeff/, '')) as object)
          : body
        : readFields(String(body), operation);
    assertValid(schema, fields, `the body for ${operation.operationId}`);
  }
};

for (const dialect of FIXTURE_DIALECTS)
  for (const file of fixtureFilesOf(dialect))
    describe(`${dialect}-${file}.json is as described`, () => {
      for (const sent of readFixtures(dialect, file))
        test(sent.name, () => {
          const fixture = fill(withNumbers(sent), samplesOf(sent, dialect)) as FixtureCase;
          const { request, response } = fixture;
          const operation = findOperation(request.method, request.path);
          // An unknown path or another method: refused in the format of a dialect.
          if (operation === undefined) return assert.ok([400, 404, 405].includes(response.status));
          assertDescribed(operation, response);
          if (response.status === 200) assertRequest(operation, fixture);
        });
    });

test('every example of the description is as its schema says', () => {
  let examples = 0;
  const check = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    const { schema, example, examples: more } = value as Record<string, unknown>;
    const found = [
      ...(example === undefined ? [] : [example]),
      ...Object.values((more ?? {}) as Record<string, { readonly value: unknown }>).map((one) => one.value),
    ];
    if (schema !== undefined) for (const one of found) assertValid(schema, one, 'an example');
    examples += found.length;
    for (const member of Object.values(value)) check(member);
  };
  check(DOCUMENT);
  assert.ok(examples > 50);
});

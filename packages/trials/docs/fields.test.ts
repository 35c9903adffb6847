import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { DIALECTS } from '@keyfob/server/dialects';
import { readFixtures } from '../wire/fixtures/case.ts';
import type { FixtureCase } from '../wire/fixtures/case.ts';
import { readDocument, ROOT, tableRows } from './documents.ts';

/** The fields that the page lists for each endpoint, such as `body clientId`. */
const readDocumented = (): ReadonlyMap<string, readonly string[]> => {
  const [, ...sections] = readDocument('docs/reference/endpoints.md').split(/^### `(?=[A-Z]+ \/)/m);
  return new Map(
    sections.map((section) => {
      const [endpoint = ''] = section.split('`', 1);
      const [, ...rows] = tableRows(section.split(/^## /m)[0] ?? '');
      return [endpoint, rows.map(([part, field = '']) => `${part} ${field.replaceAll('`', '')}`).sort()];
    }),
  );
};

const files = readdirSync(`${ROOT}fixtures/wire`).flatMap(
  (name) => /^pleos-(.*)\.json$/.exec(name)?.[1] ?? [],
);
const answered = files
  .flatMap((file) => readFixtures('pleos', file))
  .filter(({ response }) => response.status === 200);

/** The names of the members of an answer; those of the entries of a list as `vehicles[].vin`. */
const namesOf = (data: object): readonly string[] =>
  Object.entries(data).flatMap(([name, value]: [string, unknown]) =>
    Array.isArray(value)
      ? value.flatMap((entry: object) => namesOf(entry).map((inner) => `${name}[].${inner}`))
      : [name],
  );

/** The fields of one request that succeeds, and of its answer. */
const fieldsOf = ({ request, response }: FixtureCase): readonly string[] => {
  const { data } = response.body as { readonly data: object };
  const query = new URLSearchParams(request.path.split('?')[1]);
  return [
    ...Object.keys(request.headers).map((name) => `header ${name}`),
    ...Object.keys((request.body as object | undefined) ?? {}).map((name) => `body ${name}`),
    ...[...query.keys()].map((name) => `query ${name}`),
    ...namesOf(data).map((name) => `answer ${name}`),
  ];
};

const endpointOf = ({ request: { method, path } }: FixtureCase): string => `${method} ${path.split('?')[0]}`;

const isIgnored = ({ name }: FixtureCase): boolean => / ignored/.test(name);

for (const [endpoint, documented] of readDocumented())
  if (answered.some((fixture) => endpointOf(fixture) === endpoint))
    test(`the fields of ${endpoint} are those of its wire fixtures`, () => {
      const own = answered.filter((fixture) => endpointOf(fixture) === endpoint && !isIgnored(fixture));
      assert.deepEqual(documented, [...new Set(own.flatMap(fieldsOf))].sort());
    });

test('every endpoint of Pleos that answers with data has its fields on the page', () => {
  const documented = readDocumented();
  for (const endpoint of new Set(answered.map(endpointOf))) assert.ok(documented.has(endpoint), endpoint);
  for (const path of Object.keys(DIALECTS.pleos.tokenEndpoints))
    assert.ok(documented.has(`POST ${path}`), path);
});

test('the parameters of the pages of Pleos are those of the program', () => {
  const { authorization, vehicleSelection } = DIALECTS.pleos;
  assert.ok(vehicleSelection !== undefined);
  const documented = readDocumented();
  const login = documented.get(`GET ${authorization.path}`) ?? [];
  for (const name of [authorization.clientIdName, authorization.redirectUriName])
    assert.ok(login.includes(`query ${name}`), name);
  const redirects = [...authorization.renderCode('c', ''), ...authorization.renderError('e', '', '')];
  for (const [name] of redirects) assert.ok(login.includes(`redirect ${name}`), name);
  const selection = documented.get(`GET ${vehicleSelection.path}`) ?? [];
  assert.ok(selection.includes(`query ${vehicleSelection.sessionIdName}`));
  for (const [name] of vehicleSelection.renderChosen([]))
    assert.ok(selection.includes(`redirect ${name}`), name);
});

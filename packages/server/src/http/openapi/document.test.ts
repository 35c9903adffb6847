import assert from 'node:assert/strict';
import { test } from 'node:test';
import { messageOf, statusOf } from '../../connect/pages/message-page.ts';
import type { Dialect } from '../../dialects/dialect.ts';
import { DIALECTS } from '../../dialects/dialects.ts';
import { Refusal, REFUSAL_REASONS } from '../../errors.ts';
import type { RefusalReason } from '../../errors.ts';
import { PAGE_ANSWERS, SAMPLE_EXCHANGE } from '../../wire/route-description.ts';
import { createOpenApi } from './document.ts';
import { RFC_ROUTES } from './rfc-routes.ts';

const dialects: readonly Dialect[] = Object.values(DIALECTS);
const WIRES = [...dialects.map((dialect) => dialect.describe(dialect)), RFC_ROUTES];
const ROUTES = WIRES.flatMap(({ routes }) => Object.entries(routes));

/** Reasons that no described route has: another method, preflights, and what only owners' pages or single grant types say. */
const ELSEWHERE: ReadonlySet<RefusalReason> = new Set([
  'method_not_allowed',
  'origin_unregistered',
  'selection_expired',
  'form_outdated',
  'form_of_other_site',
  'cookies_missing',
  'redirect_uri_unregistered',
  'grant_type_specific',
  'parameter_missing',
  'request_uri_invalid',
  'request_uri_used',
  'request_not_pushed',
]);

test('every reason for a refusal is described at some endpoint, or is known to be said elsewhere', () => {
  const described = new Set(ROUTES.flatMap(([, { refusals }]) => refusals?.reasons ?? []));
  const missing = REFUSAL_REASONS.filter((reason) => !described.has(reason) && !ELSEWHERE.has(reason));
  assert.deepEqual(missing, []);
});

test('every status that a reason is answered with is described where the reason is', () => {
  const { paths, components } = createOpenApi('https://fob.example');
  for (const [name, { refusals }] of ROUTES) {
    const [method = '', path = ''] = name.split(' ');
    const responses = paths[path]?.[method.toLowerCase()]?.['responses'] as Record<string, { $ref?: string }>;
    for (const reason of refusals?.reasons ?? []) {
      const { status } = refusals?.format.render(new Refusal(reason), SAMPLE_EXCHANGE) ?? {};
      const { $ref } = responses[String(status)] ?? assert.fail(`${name} does not describe ${status}`);
      assert.ok($ref === undefined || ($ref.split('/').at(-1) ?? '') in components.responses, $ref);
    }
  }
});

test('every status of a page that refuses is described', () => {
  // An address that is no page, and one that is opened with another method, are not described.
  const undescribed = new Set([404, 405]);
  const statuses = REFUSAL_REASONS.map((reason) => statusOf(messageOf(reason)));
  assert.deepEqual(
    [...new Set(statuses)].filter((status) => !(status in PAGE_ANSWERS) && !undescribed.has(status)),
    [],
  );
});

test('the names of schemas and the ids of operations are unique', () => {
  const schemas = WIRES.flatMap((wire) => Object.keys(wire.schemas));
  assert.deepEqual([...new Set(schemas)], schemas);
  const { paths } = createOpenApi('https://fob.example');
  const ids = Object.values(paths).flatMap((methods) =>
    Object.values(methods).map((operation) => operation['operationId']),
  );
  assert.deepEqual([...new Set(ids)], ids);
});

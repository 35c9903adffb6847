import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Refusal } from '../errors.ts';
import type { RefusalReason } from '../errors.ts';
import { uuidV4Shape } from '../tokens/shape.ts';
import { defineGrantType, readParameters } from './grant-type.ts';
import { findGrantType, GRANT_TYPES, grantTypesOf } from './grant-types.ts';

const SHAPES = { refreshToken: uuidV4Shape, accessToken: uuidV4Shape, code: uuidV4Shape };
const UUID = '0d3a5d8e-9f0b-41c6-8d2e-7a6b5c4d3e2f';

const GRANT_TYPE = defineGrantType({
  grantType: 'urn:example:sample',
  description: { givesRefreshToken: false, refusals: [] },
  parameters: [
    {
      name: 'code',
      purpose: 'The code.',
      missing: 'code_missing',
      form: {
        isValid: (code, { code: shape }) => shape.read(code) !== 'malformed',
        otherwise: 'code_malformed',
      },
    },
    { name: 'redirect_uri', purpose: 'A URI.', missing: 'redirect_uri_missing', isOmittable: true },
    {
      name: 'scope',
      purpose: 'A scope.',
      form: { isValid: (scope) => scope !== 'bad', otherwise: 'scope_unknown' },
    },
  ],
  handle: () => ({ accessToken: '', expiresInSeconds: 0 }),
});

const CASES: readonly (readonly [
  name: string,
  sent: Readonly<Record<string, string>>,
  outcome: RefusalReason | Readonly<Record<string, string | undefined>>,
  omittable?: readonly string[],
])[] = [
  [
    'all of them',
    { code: UUID, redirect_uri: 'x', scope: 'a' },
    { code: UUID, redirect_uri: 'x', scope: 'a' },
  ],
  ['no optional one', { code: UUID, redirect_uri: 'x' }, { code: UUID, redirect_uri: 'x', scope: undefined }],
  [
    'an unknown one',
    { code: UUID, redirect_uri: 'x', y: 'z' },
    { code: UUID, redirect_uri: 'x', scope: undefined },
  ],
  ['no required one', { redirect_uri: 'x' }, 'code_missing'],
  ['a malformed one', { code: 'abc', redirect_uri: 'x' }, 'code_malformed'],
  ['a malformed optional one', { code: UUID, redirect_uri: 'x', scope: 'bad' }, 'scope_unknown'],
  ['several faults, of which the first counts', { scope: 'bad' }, 'code_missing'],
  ['an omittable one missing', { code: UUID }, 'redirect_uri_missing'],
  [
    'an omittable one missing where it may be',
    { code: UUID },
    { code: UUID, redirect_uri: undefined, scope: undefined },
    ['redirect_uri'],
  ],
];

for (const [name, sent, outcome, omittable] of CASES) {
  test(`parameters with ${name}`, () => {
    const parameters = new Map(Object.entries(sent));
    if (typeof outcome !== 'string')
      assert.deepEqual(readParameters(GRANT_TYPE, parameters, SHAPES, omittable), outcome);
    else
      assert.throws(
        () => readParameters(GRANT_TYPE, parameters, SHAPES, omittable),
        (error: unknown) => error instanceof Refusal && error.reason === outcome,
      );
  });
}

test('an endpoint serves the grant types that it chooses, and refuses the others', () => {
  const chosen = new Set(['refresh_token', 'authorization_code', 'password']);
  const served = grantTypesOf({ serves: (grantType) => chosen.has(grantType) });
  assert.deepEqual([...served.keys()], ['authorization_code', 'refresh_token']);
  assert.equal(findGrantType(served, 'refresh_token').grantType, 'refresh_token');
  for (const [name, reason] of [
    [undefined, 'grant_type_missing'],
    ['client_credentials', 'grant_type_unsupported'],
    ['password', 'grant_type_unsupported'],
    ['constructor', 'grant_type_unsupported'],
  ] as const)
    assert.throws(
      () => findGrantType(served, name),
      (error: unknown) => error instanceof Refusal && error.reason === reason,
    );
});

test('no two grant types have the same name', () => {
  const names = GRANT_TYPES.map(({ grantType }) => grantType);
  assert.equal(new Set(names).size, names.length);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Policy } from '../clients/policy.ts';
import {
  allowedScopeOf,
  mayRequest,
  SELECTABLE_SCOPES_MAX,
  selectedScope,
  selectScopes,
} from './access-scope.ts';

const allow = (grantScope: string | undefined, accessTokenFormat: Policy['accessTokenFormat'] = 'opaque') =>
  ({ grantScope, accessTokenFormat }) as Policy;
const MANY = Array.from({ length: SELECTABLE_SCOPES_MAX + 1 }, (_, index) => `s${index}`);

test('a grant gives what its client is still allowed, and all of it again when that is allowed again', () => {
  const grant = { scope: 'a b c' };
  assert.equal(allowedScopeOf(grant, allow('a b c d')), 'a b c');
  assert.equal(allowedScopeOf(grant, allow('c a')), 'a c');
  assert.equal(allowedScopeOf(grant, allow('')), '');
  assert.equal(allowedScopeOf(grant, allow(undefined)), '');
  const policy = allow('a');
  for (let again = 0; again < 2; again++) {
    assert.equal(allowedScopeOf(grant, policy), 'a');
    assert.equal(allowedScopeOf({ scope: 'b' }, policy), '');
  }
});

/** The grant's scope, what the client is allowed, what it asks for, and whether it may. */
const REQUESTS: readonly (readonly [string, string, string, boolean])[] = [
  ['a b', 'a b', 'a', true],
  ['a b', 'a b', 'b a', true],
  ['a b', 'a b', 'a a', true],
  ['a b', 'a', 'a', true],
  ['a b', 'a b c', 'c', false],
  ['a b', 'a', 'a b', true],
  ['a b', 'a', 'b', false],
  ['', 'a', 'a', false],
  ['a b', '', 'a b', true],
];

for (const [scope, allowed, asked, may] of REQUESTS)
  test(`with a grant for "${scope}" and "${allowed}" allowed, a refresh ${may ? 'may' : 'may not'} ask for "${asked}"`, () => {
    assert.equal(mayRequest({ scope }, allow(allowed), asked), may);
  });

test('an opaque token selects among the first scopes of a grant, and a JWT among all', () => {
  const scope = MANY.join(' ');
  const last = MANY.at(-1) ?? '';
  const lastSelectable = MANY.at(-2) ?? '';
  assert.equal(mayRequest({ scope }, allow(scope), lastSelectable), true);
  assert.equal(mayRequest({ scope }, allow(scope), last), false);
  assert.equal(mayRequest({ scope }, allow(scope), scope), true);
  assert.equal(mayRequest({ scope }, allow(`${last} s0`), `s0 s1 ${last}`), true);
  assert.equal(mayRequest({ scope }, allow(scope, 'jwt'), last), true);
  for (const wanted of [lastSelectable, 's0', `s3 s5 ${lastSelectable}`])
    assert.equal(selectedScope(scope, selectScopes(scope, wanted) ?? 0), wanted);
  assert.equal(selectScopes(scope, last), undefined);
});

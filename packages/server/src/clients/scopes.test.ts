import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  createScopeRegistry,
  describeScopeFault,
  faultsOfAllowed,
  findScopeFault,
  joinReadScopes,
} from './scopes.ts';
import type { DeploymentScope, Scope } from './scopes.ts';
import type { Policy } from './policy.ts';

const scope = (name: string, kind: Scope['kind'] = 'read'): Scope => ({
  name,
  kind,
  text: { en: name, ko: name },
});
const declare = (
  name: string,
  dialects: readonly string[],
  kind: Scope['kind'] = 'read',
): DeploymentScope => ({
  ...scope(name, kind),
  dialects,
});

const DIALECTS = [
  { name: 'one', scopes: [scope('read_odometer'), scope('control_doors', 'control')] },
  { name: 'other', scopes: [] },
];
const REGISTRY = createScopeRegistry(DIALECTS);
const clientOf = (dialect: string, grantScope: string | undefined) => ({
  id: 'client-a',
  dialect,
  policy: { grantScope } as Policy,
});

test('a new client may read, and is not allowed to control anything', () => {
  assert.equal(joinReadScopes(DIALECTS[0]?.scopes ?? []), 'read_odometer');
});

/** The dialect, what the client is allowed, what is asked for, and the fault. */
const CASES: readonly (readonly [string, string | undefined, string, string | undefined])[] = [
  ['one', 'read_odometer control_doors', 'control_doors read_odometer', undefined],
  ['one', 'read_odometer', 'read_odometer', undefined],
  ['one', 'read_odometer', '', undefined],
  ['other', undefined, '', undefined],
  ['one', 'read_odometer', 'read_odometer control_doors', 'scope_not_allowed'],
  ['one', '', 'read_odometer', 'scope_not_allowed'],
  ['one', undefined, 'read_odometer', 'scope_not_allowed'],
  ['one', 'read_odometer', 'fleet:admin', 'scope_unknown'],
  // Left over from before the registry lost it.
  ['one', 'fleet:admin', 'fleet:admin', 'scope_unknown'],
  ['one', 'Read_Odometer', 'Read_Odometer', 'scope_unknown'],
  ['one', 'constructor', 'constructor', 'scope_unknown'],
  ['other', 'read_odometer', 'read_odometer', 'scope_unknown'],
  ['newer', 'read_odometer', 'read_odometer', 'scope_unknown'],
];

for (const [dialect, allowed, asked, reason] of CASES)
  test(`a client of ${dialect} that is allowed ${JSON.stringify(allowed)} and asks for "${asked}": ${reason ?? 'granted'}`, () => {
    assert.equal(findScopeFault(REGISTRY, clientOf(dialect, allowed), asked)?.reason, reason);
  });

test('a deployment adds scopes, replaces documented ones and withdraws them', () => {
  const registry = createScopeRegistry(DIALECTS, [
    declare('fleet:read', ['one', 'other']),
    declare('read_odometer', ['other'], 'control'),
    declare('control_doors', []),
  ]);
  assert.deepEqual([...(registry.get('one')?.keys() ?? [])], ['fleet:read']);
  assert.deepEqual([...(registry.get('other')?.keys() ?? [])], ['fleet:read', 'read_odometer']);
  assert.equal(registry.get('other')?.get('read_odometer')?.kind, 'control');
});

test('an allow-list with an unknown scope is refused with the nearest known one, or with what to do', () => {
  assert.deepEqual(faultsOfAllowed(REGISTRY, 'one', { grantScope: 'read_odometer' }), []);
  assert.deepEqual(faultsOfAllowed(REGISTRY, 'one', { clientCredentialsScope: 'read_odometr' }), [
    'clientCredentialsScope names read_odometr, which the one dialect does not have, did you mean read_odometer?',
  ]);
  const [unknown] = faultsOfAllowed(REGISTRY, 'one', { grantScope: 'fleet:admin' });
  assert.match(unknown ?? '', /scopesFile, or use one of read_odometer, control_doors$/);
  const [none] = faultsOfAllowed(REGISTRY, 'other', { grantScope: 'fleet:admin' });
  assert.match(none ?? '', /scopesFile, because the dialect documents none$/);
});

test('an operator learns what to do about a grant that is not allowed', () => {
  const client = clientOf('one', 'read_odometer');
  const describe = (asked: string): string => {
    const fault = findScopeFault(REGISTRY, client, asked);
    assert.ok(fault !== undefined);
    return describeScopeFault(REGISTRY, client, fault);
  };
  assert.match(describe('control_doors'), /^scope has control_doors, .*client set client-a --grant-scope/);
  assert.match(describe('control_door'), /^scope names control_door, .*did you mean control_doors\?$/);
});

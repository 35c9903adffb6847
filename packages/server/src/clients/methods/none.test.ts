import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DIALECTS } from '../../dialects/dialects.ts';
import type { Client } from '../client.ts';
import { verifyNone } from './none.ts';

const client = (type: Client['type'], choice?: string): Client => ({
  id: 'charge-planner',
  dialect: 'oauth',
  type,
  name: '',
  redirectUris: [],
  consentRedirectUri: undefined,
  policy: {
    ...DIALECTS.oauth.defaultPolicy,
    ...(choice === undefined ? {} : { dialectOptions: { refreshSecret: choice } }),
  },
  createdAtMs: 0,
  disabledAtMs: undefined,
  secrets: [],
});

const CASES = [
  ['a public client', client('public'), undefined, 'public'],
  ['a confidential client', client('confidential', 'optional'), undefined, undefined],
  ['a confidential client whose wire has the option', client('confidential'), 'refreshSecret', 'public'],
  ['one that chose optional', client('confidential', 'optional'), 'refreshSecret', 'public'],
  ['one that chose required', client('confidential', 'required'), 'refreshSecret', undefined],
  ['a resource server', client('resource-server', 'optional'), 'refreshSecret', undefined],
  ['an unknown client', undefined, 'refreshSecret', undefined],
] as const;

for (const [name, known, secretOption, expected] of CASES)
  test(`the id alone of ${name} is ${expected === 'public' ? 'enough' : 'not enough'}`, () => {
    const sent = { method: 'none', clientId: 'charge-planner' } as const;
    assert.equal(verifyNone(known, secretOption === undefined ? sent : { ...sent, secretOption }), expected);
  });

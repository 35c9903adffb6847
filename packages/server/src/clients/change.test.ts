import assert from 'node:assert/strict';
import { test } from 'node:test';
import { faultInEnglish } from '../language.ts';
import { changeClient, faultsOf, REDIRECT_URIS_MAX } from './change.ts';
import type { ClientChange } from './change.ts';
import type { Client } from './client.ts';
import type { Policy } from './policy.ts';

const POLICY: Policy = {
  refreshTokenLifetimeSeconds: 3600,
  accessTokenLifetimeSeconds: 600,
  rotation: 'overlap',
  overlapSeconds: 60,
  raceSeconds: 10,
  onReplay: 'revoke',
  onReplayAccessTokens: 'end',
  grantLifetimeSeconds: null,
  resyncGenerations: 1024,
  requireUserAgent: true,
  includeRefreshExpiry: false,
  clientAuthentication: 'both',
  accessTokenFormat: 'opaque',
  clientCredentials: false,
};
const ONE = 'https://app.example/one';
const TWO = 'https://app.example/two';
const THREE = 'http://127.0.0.1/three';

const sample = (more: Partial<Client> = {}): Client => ({
  id: 'app',
  dialect: 'smartcar',
  type: 'confidential',
  name: 'Charge planner',
  redirectUris: [ONE, TWO],
  consentRedirectUri: undefined,
  policy: POLICY,
  createdAtMs: 1_750_000_000_000,
  disabledAtMs: undefined,
  secrets: [],
  ...more,
});

const CHANGES: readonly {
  name: string;
  client?: Partial<Client>;
  change: ClientChange;
  changed: Partial<Client>;
}[] = [
  { name: 'no change changes nothing', change: {}, changed: {} },
  {
    name: 'a personal grant, with a lifetime of a year',
    change: { policy: { personalGrant: '0123456789abcdef', refreshTokenLifetimeSeconds: '31536000' } },
    changed: {
      policy: { ...POLICY, personalGrant: '0123456789abcdef', refreshTokenLifetimeSeconds: 31_536_000 },
    },
  },
  { name: 'a name', change: { name: 'Planner' }, changed: { name: 'Planner' } },
  { name: 'a name to nothing', change: { name: '' }, changed: { name: '' } },
  { name: 'disabled', change: { disabledAtMs: 5 }, changed: { disabledAtMs: 5 } },
  {
    name: 'enabled',
    client: { disabledAtMs: 5 },
    change: { disabledAtMs: null },
    changed: { disabledAtMs: undefined },
  },
  {
    name: 'an option of the dialect, the first',
    change: { dialectOptions: { colour: 'red' } },
    changed: { policy: { ...POLICY, dialectOptions: { colour: 'red' } } },
  },
  {
    name: 'a field of the policy, given as text',
    change: { policy: { overlapSeconds: '600' } },
    changed: { policy: { ...POLICY, overlapSeconds: 600 } },
  },
  { name: 'other redirect URIs', change: { redirectUris: [THREE] }, changed: { redirectUris: [THREE] } },
  { name: 'no redirect URI at all', change: { redirectUris: [] }, changed: { redirectUris: [] } },
  {
    name: 'one more redirect URI, after the others',
    change: { addedRedirectUris: [THREE] },
    changed: { redirectUris: [ONE, TWO, THREE] },
  },
  {
    name: 'a redirect URI that is registered already is not added twice',
    change: { addedRedirectUris: [ONE, THREE, THREE] },
    changed: { redirectUris: [ONE, TWO, THREE] },
  },
  {
    name: 'one redirect URI fewer',
    change: { removedRedirectUris: [ONE] },
    changed: { redirectUris: [TWO] },
  },
  {
    name: 'one instead of another',
    change: { addedRedirectUris: [THREE], removedRedirectUris: [ONE] },
    changed: { redirectUris: [TWO, THREE] },
  },
  {
    name: 'all at once',
    change: { redirectUris: [ONE, ONE], addedRedirectUris: [TWO], removedRedirectUris: [ONE] },
    changed: { redirectUris: [TWO] },
  },
  {
    name: 'a redirect URI for consent, which may differ from the others',
    change: { consentRedirectUri: THREE },
    changed: { consentRedirectUri: THREE },
  },
  {
    name: 'no redirect URI for consent anymore',
    client: { consentRedirectUri: THREE },
    change: { consentRedirectUri: null },
    changed: { consentRedirectUri: undefined },
  },
  {
    name: 'fields that are not named stay',
    client: { consentRedirectUri: THREE, disabledAtMs: 5 },
    change: { name: 'Planner' },
    changed: { consentRedirectUri: THREE, disabledAtMs: 5, name: 'Planner' },
  },
];

for (const { name, client, change, changed } of CHANGES) {
  void test(`a change: ${name}`, () => {
    const before = sample(client);
    const copy = structuredClone(before);
    assert.deepEqual(changeClient(before, change), { ...before, ...changed });
    assert.deepEqual(before, copy, 'the client given is left as it is');
  });
}

const ID = '0123456789abcdef';
const YEAR = 31_536_000;

const REFUSED: readonly (readonly [client: Partial<Client>, change: ClientChange, fault: RegExp])[] = [
  [{}, { policy: { overlapSeconds: '901' } }, /^overlapSeconds must be at most 900$/],
  [{}, { redirectUris: ['http://app.example/'] }, /^the redirect URI http:\/\/app.example\/ must use https/],
  [{}, { addedRedirectUris: ['https://app.example/#x'] }, /fragment/],
  [{}, { consentRedirectUri: 'javascript:x' }, /must not use javascript:/],
  [{}, { removedRedirectUris: ['https://app.example/One'] }, /there is no redirect URI .*One to remove/],
  [{ type: 'public' }, { policy: { rotation: 'none' } }, /^rotation must not be none/],
  [{ type: 'public' }, { policy: { onReplay: 'observe' } }, /^onReplay must be revoke/],
  [{ type: 'public' }, { policy: { clientCredentials: 'true' } }, /^clientCredentials must be false/],
  [{}, { policy: { personalGrant: 'x' } }, /^personalGrant must be the id of a grant/],
  [{}, { policy: { personalGrant: ID } }, /^refreshTokenLifetimeSeconds must be at least 31536000 /],
  [
    { type: 'public' },
    { policy: { personalGrant: ID, refreshTokenLifetimeSeconds: YEAR } },
    /^personalGrant must be empty for a public client$/,
  ],
  [{ type: 'resource-server', redirectUris: [] }, { redirectUris: [ONE] }, /must have no redirect URI/],
  [{ type: 'resource-server', redirectUris: [] }, { consentRedirectUri: ONE }, /must have no redirect URI/],
];

for (const [client, change, fault] of REFUSED) {
  void test(`${JSON.stringify(change)} is refused for a ${client.type ?? 'confidential'} client`, () => {
    const refused = changeClient(sample(client), change);
    assert.ok('faults' in refused);
    assert.equal(refused.faults.length, 1);
    assert.match(faultInEnglish(refused.faults[0] ?? ''), fault);
  });
}

const uris = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => `https://app.example/${index}`);

const FAULTS: readonly (readonly [what: string, client: Partial<Client>, faults: readonly RegExp[]])[] = [
  ['a confidential client', {}, []],
  [
    'a confidential client may do what no other may',
    { policy: { ...POLICY, rotation: 'none', onReplay: 'refuse', clientCredentials: true } },
    [],
  ],
  ['a public client', { type: 'public' }, []],
  ['a public client with strict rotation', { type: 'public', policy: { ...POLICY, rotation: 'strict' } }, []],
  [
    'a public client with rotation until used',
    { type: 'public', policy: { ...POLICY, rotation: 'until-used' } },
    [],
  ],
  [
    'a public client with every fault',
    { type: 'public', policy: { ...POLICY, rotation: 'none', onReplay: 'refuse', clientCredentials: true } },
    [/rotation/, /onReplay/, /clientCredentials/],
  ],
  ['a resource server', { type: 'resource-server', redirectUris: [] }, []],
  ['a resource server with redirect URIs', { type: 'resource-server' }, [/no redirect URI/]],
  [
    'a resource server with client credentials',
    { type: 'resource-server', redirectUris: [], policy: { ...POLICY, clientCredentials: true } },
    [/clientCredentials/],
  ],
  ['no redirect URI', { redirectUris: [] }, []],
  ['as many redirect URIs as may be', { redirectUris: uris(REDIRECT_URIS_MAX) }, []],
  ['one redirect URI too many', { redirectUris: uris(REDIRECT_URIS_MAX + 1) }, [/at most 50/]],
  [
    'one too many with that for consent',
    { redirectUris: uris(REDIRECT_URIS_MAX), consentRedirectUri: ONE },
    [/at most 50/],
  ],
  ['two bad redirect URIs', { redirectUris: ['x', 'http://app.example/'] }, [/URI x must be/, /https/]],
];

for (const [what, client, expected] of FAULTS) {
  void test(`the faults of: ${what}`, () => {
    const faults = faultsOf(sample(client)).map(faultInEnglish);
    assert.equal(faults.length, expected.length, faults.join('; '));
    expected.forEach((fault, index) => assert.match(faults[index] ?? '', fault));
  });
}

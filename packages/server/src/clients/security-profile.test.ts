import assert from 'node:assert/strict';
import { test } from 'node:test';
import { faultInEnglish } from '../language.ts';
import { changeClient, faultsOf } from './change.ts';
import type { Client } from './client.ts';
import type { Policy } from './policy.ts';
import {
  codeLifetimeSecondsOf,
  requiresPkce,
  requiresPushed,
  withProfileDefaults,
} from './security-profile.ts';

const POLICY: Policy = {
  refreshTokenLifetimeSeconds: 3600,
  accessTokenLifetimeSeconds: 600,
  rotation: 'none',
  overlapSeconds: 60,
  raceSeconds: 10,
  onReplay: 'revoke',
  onReplayAccessTokens: 'end',
  grantLifetimeSeconds: null,
  resyncGenerations: 1024,
  requireUserAgent: false,
  includeRefreshExpiry: false,
  clientAuthentication: 'private_key_jwt',
  accessTokenFormat: 'opaque',
  clientCredentials: false,
  profile: 'fapi2',
};

const clientWith = (policy: Partial<Policy> = {}, more: Partial<Client> = {}): Client => ({
  id: 'app',
  dialect: 'oauth',
  type: 'confidential',
  name: 'App',
  redirectUris: ['https://app.example/callback'],
  consentRedirectUri: undefined,
  keys: { jwksUri: 'https://app.example/jwks' },
  createdAtMs: 0,
  disabledAtMs: undefined,
  secrets: [],
  ...more,
  policy: { ...POLICY, ...policy },
});

for (const [name, client] of [
  ['rotation none', clientWith()],
  ['rotation overlap', clientWith({ rotation: 'overlap' })],
  ['rotation until-used', clientWith({ rotation: 'until-used' })],
  ['tokens bound to a key', clientWith({ senderConstraint: 'dpop' })],
  ['tokens bound to a certificate', clientWith({ senderConstraint: 'mtls' })],
  [
    'a loopback address of an app on the owner’s machine',
    clientWith({ nativeApp: true }, { redirectUris: ['http://127.0.0.1/callback'] }),
  ],
] as const) {
  void test(`profile fapi2 allows ${name}`, () => assert.deepEqual(faultsOf(client), []));
}

for (const [name, client, fault] of [
  ['rotation strict', clientWith({ rotation: 'strict' }), /^rotation must be none, overlap or until-used/],
  ['secrets', clientWith({ clientAuthentication: 'both' }), /^clientAuthentication must be private_key_jwt/],
  [
    'a public client',
    clientWith({ rotation: 'overlap', clientAuthentication: 'both' }, { type: 'public' }),
    /^profile must be none for a public/,
  ],
  [
    'a resource server',
    clientWith({}, { type: 'resource-server', redirectUris: [] }),
    /^profile must be none for a resource-server/,
  ],
  ['requests that were not pushed', clientWith({ requirePar: false }), /^requirePar must not be false/],
  ['bearer tokens', clientWith({ senderConstraint: 'none' }), /^senderConstraint must be dpop or mtls/],
  [
    'http',
    clientWith({}, { redirectUris: ['http://localhost/callback'] }),
    /must use https with profile fapi2/,
  ],
  ['no keys', clientWith({}, { keys: undefined as never }), /needs the keys/],
] as const) {
  void test(`profile fapi2 refuses ${name}`, () => {
    const faults = faultsOf(client).map(faultInEnglish);
    assert.ok(
      faults.some((one) => fault.test(one)),
      faults.join('; '),
    );
  });
}

void test('a client that begins the profile gets what it implies, unless the change names it', () => {
  const before = { rotation: 'strict', clientAuthentication: 'both' } as const;
  const implied = { profile: 'fapi2', rotation: 'none', clientAuthentication: 'private_key_jwt' };
  assert.deepEqual(withProfileDefaults(before, { profile: 'fapi2' }), implied);
  const named = { profile: 'fapi2', rotation: 'overlap', clientAuthentication: 'tls_client_auth' };
  assert.deepEqual(withProfileDefaults(before, named), named);
  const certified = { ...before, clientAuthentication: 'tls_client_auth' } as const;
  assert.deepEqual(withProfileDefaults(certified, { profile: 'fapi2' }), {
    ...implied,
    clientAuthentication: 'tls_client_auth',
  });
  const has = { profile: 'fapi2', rotation: 'overlap' } as const;
  assert.deepEqual(withProfileDefaults(has, { profile: 'fapi2', overlapSeconds: 1 }), {
    profile: 'fapi2',
    overlapSeconds: 1,
  });
});

void test('a change makes a client one of the profile, and no change of it breaks the profile', () => {
  const { keys: _, ...plain } = clientWith({
    profile: 'none',
    rotation: 'strict',
    clientAuthentication: 'both',
  });
  const jwksUri = 'https://app.example/jwks';
  const changed = changeClient(plain, { policy: { profile: 'fapi2' }, jwksUri });
  assert.ok('id' in changed, JSON.stringify(changed));
  assert.deepEqual(
    [changed.policy.rotation, changed.policy.clientAuthentication],
    ['none', 'private_key_jwt'],
  );
  for (const change of [
    { policy: { rotation: 'strict' } },
    { policy: { clientAuthentication: 'both' } },
    { jwksUri: null },
  ])
    assert.ok('faults' in changeClient(changed, change));
});

void test('what the profile implies can be had alone, but for the life of codes', () => {
  const plain = { profile: 'none' } as const;
  const asked = { ...plain, requirePar: true, senderConstraint: 'dpop', requirePkce: true } as const;
  for (const [policy, expected] of [
    [plain, [false, false, 600]],
    [asked, [true, true, 600]],
    [{ profile: 'fapi2' } as const, [true, true, 60]],
  ] as const) {
    const client = clientWith(policy);
    assert.deepEqual(
      [
        requiresPushed(policy),
        requiresPkce({ type: 'confidential', policy: { ...client.policy, ...policy } }),
        codeLifetimeSecondsOf(policy, 600),
      ],
      expected,
    );
  }
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createLocalJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import type { JSONWebKeySet } from 'jose';
import { createResourceTrial, ISSUER } from './resource-trial.ts';
import type { ResourceTrial } from './resource-trial.ts';

const METADATA = '/.well-known/oauth-authorization-server';
const OPEN_ID = '/.well-known/openid-configuration';
const JWKS = '/.well-known/jwks.json';
const RESOURCE = '/.well-known/oauth-protected-resource';
const BY_SECRET = ['client_secret_basic', 'client_secret_post'];
const ALGORITHMS = ['ES256', 'PS256', 'EdDSA'];

describe('Metadata', () => {
  test('names every endpoint under the issuer, and may be cached', async () => {
    const { status, headers, body } = await createResourceTrial().get(METADATA);
    assert.equal(status, 200);
    assert.deepEqual(headers, {
      'Content-Type': 'application/json',
      'Cache-Control': 'public, max-age=300',
      'Access-Control-Allow-Origin': '*',
    });
    assert.deepEqual(body, {
      issuer: ISSUER,
      authorization_endpoint: `${ISSUER}/oauth/authorize`,
      pushed_authorization_request_endpoint: `${ISSUER}/oauth/par`,
      require_pushed_authorization_requests: false,
      token_endpoint: `${ISSUER}/oauth/token`,
      device_authorization_endpoint: `${ISSUER}/oauth/device_authorization`,
      jwks_uri: `${ISSUER}/.well-known/jwks.json`,
      response_types_supported: ['code'],
      response_modes_supported: ['query'],
      grant_types_supported: [
        'authorization_code',
        'refresh_token',
        'client_credentials',
        'urn:ietf:params:oauth:grant-type:device_code',
      ],
      token_endpoint_auth_methods_supported: [...BY_SECRET, 'private_key_jwt', 'none'],
      token_endpoint_auth_signing_alg_values_supported: ALGORITHMS,
      code_challenge_methods_supported: ['S256'],
      dpop_signing_alg_values_supported: ['ES256', 'PS256', 'EdDSA', 'Ed25519'],
      authorization_response_iss_parameter_supported: true,
      introspection_endpoint: `${ISSUER}/oauth/introspect`,
      introspection_endpoint_auth_methods_supported: [...BY_SECRET, 'private_key_jwt'],
      introspection_endpoint_auth_signing_alg_values_supported: ALGORITHMS,
      revocation_endpoint: `${ISSUER}/oauth/revoke`,
      revocation_endpoint_auth_methods_supported: [...BY_SECRET, 'private_key_jwt', 'none'],
      revocation_endpoint_auth_signing_alg_values_supported: ALGORITHMS,
      protected_resources: [ISSUER],
    });
  });

  test('of an issuer with a path is also served with the well-known path first', async () => {
    const issuer = 'https://cars.example/keyfob';
    for (const path of [METADATA, `${METADATA}/keyfob`])
      assert.equal((await createResourceTrial({ issuer }).get(path)).body['issuer'], issuer);
    assert.equal((await createResourceTrial({ issuer }).get(`${METADATA}/other`)).status, 404);
  });

  test('accepts GET only', async () => {
    const { status, headers } = await createResourceTrial().send('POST', METADATA, {}, '');
    assert.deepEqual([status, headers['Allow']], [405, 'GET, HEAD']);
  });
});

describe('OpenID Connect discovery', () => {
  test('gets a 404 that says where the metadata is, also for an issuer with a path', async () => {
    const issuer = 'https://cars.example/keyfob';
    for (const path of [OPEN_ID, `${OPEN_ID}/keyfob`]) {
      const { status, headers, body } = await createResourceTrial({ issuer }).get(path);
      assert.deepEqual([status, headers['Content-Type']], [404, 'application/json']);
      const [, address] =
        /without OpenID Connect: .* is at (\S+) /.exec(String(body['error_description'])) ?? [];
      assert.equal(address, `${issuer}${METADATA}`);
    }
  });
});

describe('Metadata of the vehicle calls as a protected resource', () => {
  test('names the resource and its authorization server, and may be cached', async () => {
    const { status, headers, body } = await createResourceTrial().get(RESOURCE);
    assert.deepEqual([status, headers['Cache-Control']], [200, 'public, max-age=300']);
    assert.deepEqual(body, {
      resource: ISSUER,
      authorization_servers: [ISSUER],
      bearer_methods_supported: ['header'],
      dpop_signing_alg_values_supported: ['ES256', 'PS256', 'EdDSA', 'Ed25519'],
      resource_name: 'Vehicles',
    });
  });

  test('of an issuer with a path is also served with the well-known path first', async () => {
    const issuer = 'https://cars.example/keyfob';
    for (const path of [RESOURCE, `${RESOURCE}/keyfob`])
      assert.equal((await createResourceTrial({ issuer }).get(path)).body['resource'], issuer);
  });
});

const fetchKeys = async (trial: ResourceTrial): Promise<JSONWebKeySet> =>
  (await trial.get(JWKS)).body as unknown as JSONWebKeySet;

describe('JWKS', () => {
  test('contains the public part of every key immediately, and may be cached for five minutes', async () => {
    const trial = createResourceTrial();
    const before = await trial.get(JWKS);
    assert.equal(before.headers['Cache-Control'], 'public, max-age=300');
    await trial.rotateKeys();
    const { keys } = await fetchKeys(trial);
    assert.equal(keys.length, 2);
    for (const key of keys)
      assert.deepEqual(Object.keys(key).sort(), ['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']);
  });

  test('is served during an outage of the store, but must not be cached then', async () => {
    const trial = createResourceTrial();
    const before = await trial.get(JWKS);
    trial.setStore('unavailable');
    const during = await trial.get(JWKS);
    assert.deepEqual([during.status, during.text], [200, before.text]);
    assert.equal(during.headers['Cache-Control'], 'no-store');
  });

  test('has the key for RS256 beside the others, for the clients that need it', async () => {
    const trial = createResourceTrial();
    await trial.rotateKeys({ isRsa: true });
    const keySet = await fetchKeys(trial);
    const policy = { accessTokenFormat: 'jwt', accessTokenAlgorithm: 'RS256' } as const;
    const owner = await trial.register('smartcar', { policy });
    const app = await trial.register('smartcar', { policy: { clientCredentials: true } });
    const first = await trial.grant(owner);
    const form = { grant_type: 'client_credentials' };
    const own = String((await trial.post('/oauth2/token', form, app)).body['access_token']);
    assert.deepEqual(
      keySet.keys.map(({ alg }) => alg),
      ['ES256', 'RS256'],
    );
    const options = {
      issuer: ISSUER,
      audience: ISSUER,
      typ: 'at+jwt',
      currentDate: new Date(trial.nowSeconds() * 1000),
    };
    for (const [token, alg] of [
      [first.accessToken, 'RS256'],
      [String((await trial.refresh(owner, first.refreshToken)).body['access_token']), 'RS256'],
      [own, 'ES256'],
    ] as const) {
      assert.equal((await jwtVerify(token, createLocalJWKSet(keySet), options)).protectedHeader.alg, alg);
      const by = alg === 'RS256' ? owner : app;
      assert.equal((await trial.post('/oauth/introspect', { token }, by)).body['active'], true);
    }
  });

  test('must not be cached if the ring lacks a key that the store knows', async () => {
    const trial = createResourceTrial();
    await trial.rotateKeys({ isMissing: true });
    const { status, headers } = await trial.get(JWKS);
    assert.deepEqual([status, headers['Cache-Control']], [200, 'no-store']);
  });

  test('verifies every valid token across two key rotations, even if a resource server caches it for ten minutes', async () => {
    const trial = createResourceTrial();
    const owner = await trial.register('smartcar', { policy: { accessTokenFormat: 'jwt' } });
    let { refreshToken, accessToken } = await trial.grant(owner);
    const validTokens: { token: string; until: number }[] = [];
    const keySets: { keys: ReturnType<typeof createLocalJWKSet>; at: number }[] = [];
    const verify = async (token: string, { keys, at }: (typeof keySets)[number]): Promise<void> => {
      const currentDate = new Date(trial.nowSeconds() * 1000);
      const options = { issuer: ISSUER, audience: ISSUER, typ: 'at+jwt', currentDate };
      await assert.doesNotReject(jwtVerify(token, keys, options), `fetched at ${at}`);
    };
    const signers = new Set<string | undefined>();
    for (let minute = 0; minute < 60; minute++) {
      const now = trial.nowSeconds();
      if (minute === 12 || minute === 15) await trial.rotateKeys();
      // Each token is issued before the keys are fetched, so the keys must be published in time.
      validTokens.push({ token: accessToken, until: now + 7200 });
      signers.add(decodeProtectedHeader(accessToken).kid);
      // Each pair of a token and a key set is verified once: the new token by what is cached, and all tokens by the new set.
      for (const keySet of keySets.filter(({ at }) => now - at <= 600)) await verify(accessToken, keySet);
      const fetched = { keys: createLocalJWKSet(await fetchKeys(trial)), at: now };
      keySets.push(fetched);
      for (const { token } of validTokens.filter(({ until }) => now < until)) await verify(token, fetched);
      trial.advanceSeconds(60);
      const { body } = await trial.refresh(owner, refreshToken);
      refreshToken = String(body['refresh_token']);
      accessToken = String(body['access_token']);
    }
    assert.equal(signers.size, 3, 'every key signed a token');
  });
});

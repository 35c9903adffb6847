import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { exportJWK, generateKeyPair } from 'jose';
import * as client from 'openid-client';
import { openConnectTrial } from '../connect/connect-trial.ts';
import { createPlainBrowser } from '../connect/plain-browser.ts';

const REDIRECT_URI = 'https://app.example/callback';

test('openid-client goes through FAPI 2.0: a signed assertion, a pushed request, bound tokens, a refresh and its repeat', async () => {
  const trial = await openConnectTrial({ after }, { demo: true, metadataDialect: 'oauth' });
  const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true });
  const jwk = { ...(await exportJWK(publicKey)), kid: 'one', alg: 'ES256' };
  const { clientId } = await trial.register('oauth', {
    redirectUris: [REDIRECT_URI],
    jwks: { keys: [jwk] },
    policy: { profile: 'fapi2', rotation: 'overlap' },
  });
  const authentication = client.PrivateKeyJwt(
    { key: privateKey, kid: 'one' },
    {
      [client.modifyAssertion]: (header) => void (header['typ'] = 'client-authentication+jwt'),
    },
  );
  const config = await client.discovery(new URL(trial.url), clientId, undefined, authentication, {
    algorithm: 'oauth2',
    execute: [client.allowInsecureRequests],
  });
  const DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair('ES256'));
  const pkceCodeVerifier = client.randomPKCECodeVerifier();
  const url = await client.buildAuthorizationUrlWithPAR(
    config,
    {
      redirect_uri: REDIRECT_URI,
      scope: 'read_odometer',
      state: 'st',
      code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
      code_challenge_method: 'S256',
    },
    { DPoP },
  );
  const browser = createPlainBrowser();
  const signedIn = await browser.press(await browser.open(url.href), '1');
  const consent = await browser.open(signedIn.target);
  const [, vehicle = ''] = /name="(vehicle_[^"]+)"/.exec(consent.body) ?? [];
  const agreed = await browser.press(consent, 'agree', vehicle === '' ? {} : { [vehicle]: 'yes' });
  const tokens = await client.authorizationCodeGrant(
    config,
    new URL(agreed.target),
    { expectedState: 'st', pkceCodeVerifier },
    undefined,
    { DPoP },
  );
  assert.equal(tokens.token_type, 'dpop');
  const first = tokens.refresh_token ?? assert.fail('no refresh token');
  const refreshed = await client.refreshTokenGrant(config, first, undefined, { DPoP });
  // The answer was lost.
  const repeated = await client.refreshTokenGrant(config, first, undefined, { DPoP });
  assert.equal(repeated.refresh_token, refreshed.refresh_token);
  const resource = new URL(`${trial.url}/demo/resource`);
  const answer = await client.fetchProtectedResource(
    config,
    repeated.access_token,
    resource,
    'GET',
    null,
    undefined,
    {
      DPoP,
    },
  );
  assert.deepEqual(
    [answer.status, ((await answer.json()) as { scope: string }).scope],
    [200, 'read_odometer'],
  );
  const bare = await fetch(resource, { headers: { Authorization: `Bearer ${repeated.access_token}` } });
  assert.equal(bare.status, 401);
  const about = await client.tokenIntrospection(config, repeated.access_token);
  assert.equal(about.active, true);
});

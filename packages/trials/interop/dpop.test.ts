import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import * as oauth from 'oauth4webapi';
import * as client from 'openid-client';
import { openDeployedServer } from './deployed-server.ts';

const server = await openDeployedServer();
after(() => server.close());
const OVER_HTTP = { [oauth.allowInsecureRequests]: true };

for (const accessTokenFormat of ['opaque', 'jwt'] as const)
  test(`oauth4webapi refreshes with proofs, calls the vehicles and introspects (${accessTokenFormat})`, async () => {
    const app = await server.register('smartcar', {
      policy: { senderConstraint: 'dpop', accessTokenFormat, requireUserAgent: false },
    });
    const { refreshToken } = await server.grant(app);
    const issuer = new URL(server.url);
    const discovered = await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...OVER_HTTP });
    const as = await oauth.processDiscoveryResponse(issuer, discovered);
    const asClient = { client_id: app.clientId };
    const auth = oauth.ClientSecretBasic(app.clientSecret);
    const keys = await oauth.generateKeyPair('ES256');
    const DPoP = oauth.DPoP({}, keys);
    const refresh = async (): Promise<oauth.TokenEndpointResponse> => {
      const response = await oauth.refreshTokenGrantRequest(as, asClient, auth, refreshToken, {
        DPoP,
        ...OVER_HTTP,
      });
      return oauth.processRefreshTokenResponse(as, asClient, response);
    };
    // The first try learns the nonce.
    const tokens = await refresh().catch((error: unknown) => {
      assert.ok(oauth.isDPoPNonceError(error));
      return refresh();
    });
    assert.equal(tokens.token_type, 'dpop');
    // An honest retry of the same refresh token, with a new proof.
    assert.equal((await refresh()).refresh_token, tokens.refresh_token);

    const vehicles = new URL(`${server.url}/v2.0/vehicles`);
    const call = (more: object, token = tokens.access_token): Promise<Response> =>
      oauth.protectedResourceRequest(token, 'GET', vehicles, undefined, undefined, { ...more, ...OVER_HTTP });
    assert.equal((await call({ DPoP })).status, 200);
    const challenge = /error="invalid_(?:token|dpop_proof)"/;
    for (const more of [{}, { DPoP: oauth.DPoP({}, await oauth.generateKeyPair('ES256')) }]) {
      const { headers, status } = await call(more).catch((error: unknown) => {
        assert.ok(error instanceof oauth.WWWAuthenticateChallengeError);
        return error.response;
      });
      assert.equal(status, 401);
      assert.match(headers.get('WWW-Authenticate') ?? '', challenge);
    }
    const bearer = await fetch(vehicles, { headers: { Authorization: `DPoP ${tokens.access_token}` } });
    assert.equal(bearer.status, 401);

    const found = await oauth.processIntrospectionResponse(
      as,
      asClient,
      await oauth.introspectionRequest(as, asClient, auth, tokens.access_token, OVER_HTTP),
    );
    assert.deepEqual(
      [found.active, found.token_type, found.cnf?.jkt],
      [true, 'DPoP', await DPoP.calculateThumbprint()],
    );
  });

test('openid-client refreshes with proofs as a public client, whose refresh tokens are bound', async () => {
  const app = await server.register('smartcar', {
    type: 'public',
    policy: { rotation: 'overlap', requireUserAgent: false },
  });
  const { refreshToken } = await server.grant(app);
  const configuration = new client.Configuration(
    { issuer: server.url, token_endpoint: `${server.url}/oauth/token` },
    app.clientId,
    undefined,
    client.None(),
  );
  client.allowInsecureRequests(configuration);
  const DPoP = client.getDPoPHandle(configuration, await client.randomDPoPKeyPair('EdDSA'));
  const first = await client.refreshTokenGrant(configuration, refreshToken, undefined, { DPoP });
  const second = await client.refreshTokenGrant(configuration, first.refresh_token ?? '', undefined, {
    DPoP,
  });
  assert.match(second.refresh_token ?? '', /~k/);
  const other = client.getDPoPHandle(configuration, await client.randomDPoPKeyPair('ES256'));
  await assert.rejects(
    client.refreshTokenGrant(configuration, second.refresh_token ?? '', undefined, { DPoP: other }),
    { error: 'invalid_dpop_proof' },
  );
  await client.refreshTokenGrant(configuration, second.refresh_token ?? '', undefined, { DPoP });
});

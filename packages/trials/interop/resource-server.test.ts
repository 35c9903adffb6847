import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import * as oauth from 'oauth4webapi';
import * as client from 'openid-client';
import type { MadeClient } from '../support/keyfob-process.ts';
import { refreshAs } from '../support/refresh-request.ts';
import { openDeployedServer } from './deployed-server.ts';

const server = await openDeployedServer();
after(() => server.close());

const checker = await server.register('smartcar', { type: 'resource-server' });
const OVER_HTTP = { [oauth.allowInsecureRequests]: true };

/** Discovers the server through the library, from only the issuer. */
const discover = async (): Promise<oauth.AuthorizationServer> => {
  const issuer = new URL(server.url);
  const response = await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...OVER_HTTP });
  return oauth.processDiscoveryResponse(issuer, response);
};

const configure = async (
  { clientId, clientSecret }: MadeClient,
  auth: client.ClientAuth = client.ClientSecretBasic(clientSecret),
): Promise<client.Configuration> =>
  client.discovery(new URL(server.url), clientId, undefined, auth, {
    algorithm: 'oauth2',
    execute: [client.allowInsecureRequests],
  });

describe('openid-client', () => {
  test('discovers the server and refreshes with what it found', async () => {
    const app = await server.register('smartcar');
    const configuration = await configure(app);
    const metadata = configuration.serverMetadata();
    assert.equal(metadata.issuer, server.url);
    assert.ok(metadata.supportsPKCE('S256'));
    const { refreshToken } = await server.grant(app);
    const tokens = await client.refreshTokenGrant(configuration, refreshToken);
    assert.equal(tokens.expires_in, 7200);
  });

  for (const [how, authOf] of [
    ['by HTTP Basic', client.ClientSecretBasic],
    ['in the form', client.ClientSecretPost],
  ] as const) {
    test(`introspects and revokes with the secret sent ${how}`, async () => {
      const app = await server.register('pleos');
      const { accessToken, refreshToken } = await server.grant(app);
      const asChecker = await configure(checker, authOf(checker.clientSecret));
      const found = await client.tokenIntrospection(asChecker, accessToken, {
        token_type_hint: 'access_token',
      });
      assert.deepEqual(
        [found.active, found.client_id, found.sub, found.token_type, found.iss],
        [true, app.clientId, 'owner-1', 'Bearer', server.url],
      );
      const asApp = await configure(app, authOf(app.clientSecret));
      await client.tokenRevocation(asApp, refreshToken);
      for (const token of [accessToken, refreshToken])
        assert.deepEqual(await client.tokenIntrospection(asChecker, token), { active: false });
      await client.tokenRevocation(asApp, refreshToken);
    });
  }

  test('revokes for a client without a secret', async () => {
    const app = await server.register('smartcar', { type: 'public', policy: { rotation: 'strict' } });
    const { refreshToken, grantId } = await server.grant(app);
    await client.tokenRevocation(await configure(app, client.None()), refreshToken);
    const event = server.events.findLast((one) => one.event === 'grant.revoked');
    assert.ok(event?.event === 'grant.revoked');
    assert.deepEqual([event.grantId, event.clientId, event.cause], [grantId, app.clientId, 'client']);
  });

  test('reports that an access token cannot be revoked', async () => {
    const app = await server.register('smartcar');
    const { accessToken } = await server.grant(app);
    await assert.rejects(client.tokenRevocation(await configure(app), accessToken), {
      error: 'unsupported_token_type',
      status: 400,
    });
  });

  test('gets a token by client credentials, which a resource server verifies and introspects', async () => {
    const app = await server.register('smartcar', {
      policy: { clientCredentials: true, clientCredentialsScope: 'fleet:read fleet:write' },
    });
    const { clientId, clientSecret } = app;
    const configuration = new client.Configuration(
      { issuer: server.url, token_endpoint: `${server.url}/oauth2/token` },
      clientId,
      undefined,
      client.ClientSecretBasic(clientSecret),
    );
    client.allowInsecureRequests(configuration);
    const tokens = await client.clientCredentialsGrant(configuration, { scope: 'fleet:read' });
    assert.deepEqual(
      [tokens.token_type, tokens.expires_in, tokens.refresh_token],
      ['bearer', 7200, undefined],
    );
    const { payload } = await verify(tokens.access_token);
    assert.deepEqual(
      [payload.sub, payload['client_id'], payload['scope']],
      [clientId, clientId, 'fleet:read'],
    );
    const found = await client.tokenIntrospection(await configure(checker), tokens.access_token);
    assert.deepEqual([found.active, found.sub, found.scope], [true, clientId, 'fleet:read']);
  });
});

describe('oauth4webapi', () => {
  test('discovers, introspects and revokes', async () => {
    const as = await discover();
    const app = await server.register('smartcar');
    const { refreshToken } = await server.grant(app);
    const introspect = async (by: {
      readonly clientId: string;
      readonly clientSecret: string;
    }): Promise<oauth.IntrospectionResponse> => {
      const asClient = { client_id: by.clientId };
      const auth = oauth.ClientSecretPost(by.clientSecret);
      const response = await oauth.introspectionRequest(as, asClient, auth, refreshToken, OVER_HTTP);
      return oauth.processIntrospectionResponse(as, asClient, response);
    };
    const found = await introspect(app);
    assert.deepEqual([found.active, found.client_id, found.token_type], [true, app.clientId, undefined]);
    assert.deepEqual(await introspect(checker), { active: false });
    const revocation = await oauth.revocationRequest(
      as,
      { client_id: app.clientId },
      oauth.ClientSecretBasic(app.clientSecret),
      refreshToken,
      OVER_HTTP,
    );
    await oauth.processRevocationResponse(revocation);
    assert.deepEqual(await introspect(app), { active: false });
  });

  test('is challenged if its secret is wrong', async () => {
    const as = await discover();
    const asChecker = { client_id: checker.clientId };
    const response = await oauth.introspectionRequest(
      as,
      asChecker,
      oauth.ClientSecretBasic('wrong'),
      'token',
      OVER_HTTP,
    );
    await assert.rejects(oauth.processIntrospectionResponse(as, asChecker, response), {
      name: 'WWWAuthenticateChallengeError',
      status: 401,
    });
  });

  test('accepts a JWT access token of RFC 9068, and no other token', async () => {
    const as = await discover();
    const app = await server.register('pleos', { policy: { accessTokenFormat: 'jwt' } });
    const { refreshToken } = await server.grant(app);
    const { accessToken } = await refreshAs.pleos(server.url, app, refreshToken);
    const present = (token: string) =>
      oauth.validateJwtAccessToken(
        as,
        new Request('https://api.example/vehicles', { headers: { authorization: `Bearer ${token}` } }),
        server.url,
        OVER_HTTP,
      );
    const claims = await present(accessToken);
    assert.deepEqual([claims.sub, claims.client_id, claims.iss], ['owner-1', app.clientId, server.url]);
    const opaque = await server.grant(await server.register('pleos'));
    await assert.rejects(present(opaque.accessToken));
  });
});

const jwks = () =>
  createRemoteJWKSet(new URL(`${server.url}/.well-known/jwks.json`), { cooldownDuration: 0 });

const verify = (token: string, keys = jwks(), audience = server.url) =>
  jwtVerify(token, keys, { issuer: server.url, audience, typ: 'at+jwt', currentDate: server.now() });

describe("The vendors' own calls", () => {
  for (const [dialect, path, other] of [
    ['smartcar', '/v2.0/user', '/v1/vehicles/consent'],
    ['pleos', '/v1/vehicles/consent', '/v2.0/user'],
  ] as const) {
    test(`accept the JWTs of a ${dialect} client like its opaque tokens, but no JWT of another dialect`, async () => {
      const app = await server.register(dialect);
      const { accessToken: opaque, refreshToken } = await server.grant(app);
      await server.deployment.store.changeClient(app.clientId, { policy: { accessTokenFormat: 'jwt' } });
      const { accessToken: jwt } = await refreshAs[dialect](server.url, app, refreshToken);
      const call = async (token: string, at: string) => {
        const headers = { authorization: `Bearer ${token}`, brand: 'kia' };
        const response = await fetch(`${server.url}${at}`, { headers });
        const { meta: _meta, ...rest } = (await response.json()) as { readonly meta?: unknown };
        return { status: response.status, rest };
      };
      const { status } = await call(opaque, path);
      assert.ok(status < 400, String(status));
      assert.deepEqual(await call(jwt, path), await call(opaque, path));
      for (const wrong of [`${jwt}A`, jwt.replace('.', '.A')])
        assert.ok((await call(wrong, path)).status >= 400);
      assert.ok((await call(jwt, other)).status >= 400);
    });
  }
});

describe('jose', () => {
  test('verifies the tokens of clients of both dialects, for their audience', async () => {
    for (const dialect of ['smartcar', 'pleos'] as const) {
      const audience = `https://${dialect}.example`;
      const app = await server.register(dialect, { policy: { accessTokenFormat: 'jwt', audience } });
      const { refreshToken, grantId } = await server.grant(app);
      const { accessToken } = await refreshAs[dialect](server.url, app, refreshToken);
      const { payload } = await verify(accessToken, jwks(), audience);
      assert.deepEqual([payload.sub, payload['client_id']], ['owner-1', app.clientId]);
      assert.ok(!JSON.stringify(payload).includes(grantId));
      await assert.rejects(verify(accessToken), { code: 'ERR_JWT_CLAIM_VALIDATION_FAILED' });
    }
  });

  test('verifies every valid token across two key rotations, with keys fetched at any time', async () => {
    const app = await server.register('smartcar', { policy: { accessTokenFormat: 'jwt' } });
    let { refreshToken } = await server.grant(app);
    const liveTokens: string[] = [];
    const keySets = [];
    const signers = new Set<string | undefined>();
    for (let round = 0; round < 3; round++) {
      if (round > 0) await server.rotateKeys();
      for (const wait of [0, 300, 300]) {
        server.advanceSeconds(wait);
        const keys = jwks();
        await keys.reload();
        keySets.push(keys);
        const answer = await refreshAs.smartcar(server.url, app, refreshToken);
        ({ refreshToken } = answer);
        liveTokens.push(answer.accessToken);
        for (const token of liveTokens) {
          const { protectedHeader } = await verify(token, keys);
          signers.add(protectedHeader.kid);
        }
      }
      server.advanceSeconds(2);
    }
    const last = await refreshAs.smartcar(server.url, app, refreshToken);
    for (const keys of keySets)
      for (const token of [...liveTokens, last.accessToken])
        signers.add((await verify(token, keys)).protectedHeader.kid);
    assert.equal(signers.size, 3);
  });
});

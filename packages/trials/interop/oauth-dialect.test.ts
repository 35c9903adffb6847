import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { decodeJwt } from 'jose';
import * as oauth from 'oauth4webapi';
import { createPlainBrowser } from '../connect/plain-browser.ts';
import { removeDataDirectory, startKeyfob } from '../support/keyfob-process.ts';
import type { KeyfobServer, MadeClient } from '../support/keyfob-process.ts';

const REDIRECT_URI = 'https://app.example/callback';
const SCOPE = 'read_odometer control_charge';
const STATE = 'st-1';
/** A simulated owner and the owner's vehicle. */
const OWNER = '1';
const VEHICLE = '9e2c0502-36cd-5f62-a987-a4b4dde6d189';
const OVER_HTTP = { [oauth.allowInsecureRequests]: true };

const assertInvalidGrant = async (request: Promise<unknown>): Promise<void> =>
  assert.rejects(request, (thrown: unknown) => {
    assert.ok(thrown instanceof oauth.ResponseBodyError);
    assert.deepEqual([thrown.status, thrown.error], [400, 'invalid_grant']);
    return true;
  });

describe('oauth4webapi and the dialect oauth', () => {
  let server: KeyfobServer;
  let authorizationServer: oauth.AuthorizationServer;

  before(async () => {
    server = await startKeyfob({ args: ['--demo'] });
    authorizationServer = {
      issuer: server.url,
      authorization_endpoint: `${server.url}/authorize`,
      token_endpoint: `${server.url}/token`,
      introspection_endpoint: `${server.url}/oauth/introspect`,
      revocation_endpoint: `${server.url}/oauth/revoke`,
      authorization_response_iss_parameter_supported: true,
    };
  });
  after(async () => {
    await server.stop();
    removeDataDirectory(server.dataDirectory);
  });

  /** Registers a client with one redirect URI. `policy` are flags of `keyfob client set`. */
  const register = async (type: string, ...policy: readonly string[]): Promise<MadeClient> => {
    const allowed = ['--grant-scope', SCOPE, '--simulated-owners', 'true'];
    const words = ['--dialect', 'oauth', '--type', type, '--redirect-uri', REDIRECT_URI, ...allowed];
    const client = await server.command<MadeClient>('client', 'create', ...words);
    if (policy.length > 0) await server.command('client', 'set', client.clientId, ...policy);
    return client;
  };

  /** Sends an owner through sign-in and consent. Returns where the browser is sent back to. */
  const consent = async (clientId: string, button: string, codeChallenge: string): Promise<URL> => {
    const url = new URL(authorizationServer.authorization_endpoint ?? '');
    // The request omits redirect_uri because only one is registered.
    const request = { response_type: 'code', client_id: clientId, scope: SCOPE, state: STATE };
    const challenge = { code_challenge: codeChallenge, code_challenge_method: 'S256' };
    url.search = new URLSearchParams({ ...request, ...challenge }).toString();
    const browser = createPlainBrowser();
    const signedIn = await browser.press(await browser.open(url.href), OWNER);
    const page = await browser.open(signedIn.location);
    const sentBack = await browser.press(page, button, { [`vehicle_${VEHICLE}`]: 'yes' });
    assert.equal(sentBack.status, 302, sentBack.body);
    assert.ok(sentBack.location.startsWith(`${REDIRECT_URI}?`), sentBack.location);
    return new URL(sentBack.location);
  };

  type Session = {
    readonly client: oauth.Client;
    readonly clientAuth: oauth.ClientAuth;
    readonly callback: URLSearchParams;
    readonly codeVerifier: string;
  };

  const begin = async (clientId: string, clientAuth: oauth.ClientAuth): Promise<Session> => {
    const client = { client_id: clientId };
    const codeVerifier = oauth.generateRandomCodeVerifier();
    const codeChallenge = await oauth.calculatePKCECodeChallenge(codeVerifier);
    const url = await consent(clientId, 'agree', codeChallenge);
    const callback = oauth.validateAuthResponse(authorizationServer, client, url, STATE);
    return { client, clientAuth, callback, codeVerifier };
  };

  const exchange = async ({
    client,
    clientAuth,
    callback,
    codeVerifier,
  }: Session): Promise<oauth.TokenEndpointResponse> =>
    oauth.processAuthorizationCodeResponse(
      authorizationServer,
      client,
      await oauth.authorizationCodeGrantRequest(
        authorizationServer,
        client,
        clientAuth,
        callback,
        REDIRECT_URI,
        codeVerifier,
        OVER_HTTP,
      ),
    );

  const refresh = async (
    { client, clientAuth }: Pick<Session, 'client' | 'clientAuth'>,
    refreshToken: string | undefined,
  ): Promise<oauth.TokenEndpointResponse> =>
    oauth.processRefreshTokenResponse(
      authorizationServer,
      client,
      await oauth.refreshTokenGrantRequest(
        authorizationServer,
        client,
        clientAuth,
        refreshToken ?? '',
        OVER_HTTP,
      ),
    );

  const introspect = async (
    { client, clientAuth }: Pick<Session, 'client' | 'clientAuth'>,
    token: string,
  ): Promise<oauth.IntrospectionResponse> =>
    oauth.processIntrospectionResponse(
      authorizationServer,
      client,
      await oauth.introspectionRequest(authorizationServer, client, clientAuth, token, OVER_HTTP),
    );

  for (const [name, clientAuthOf] of [
    ['HTTP Basic', oauth.ClientSecretBasic],
    ['credentials in the body', oauth.ClientSecretPost],
  ] as const)
    it(`gets consent, refreshes and revokes, with ${name}`, async () => {
      const { clientId, clientSecret } = await register('confidential');
      const session = await begin(clientId, clientAuthOf(clientSecret));
      const first = await exchange(session);
      assert.equal(first.expires_in, 3600);
      const second = await refresh(session, first.refresh_token);
      assert.notEqual(second.refresh_token, first.refresh_token);

      const found = await introspect(session, second.access_token);
      assert.deepEqual(
        [found.active, found.client_id, found.scope, found.token_type, found.iss],
        [true, clientId, SCOPE, 'Bearer', server.url],
      );

      const revoked = await oauth.revocationRequest(
        authorizationServer,
        session.client,
        session.clientAuth,
        second.refresh_token ?? '',
        OVER_HTTP,
      );
      await oauth.processRevocationResponse(revoked);
      await assertInvalidGrant(refresh(session, second.refresh_token));
      assert.deepEqual(await introspect(session, second.access_token), { active: false });
    });

  it('revokes the grant of a public client when a refresh token is replayed', async () => {
    const { clientId } = await register('public', '--rotation', 'strict', '--race-seconds', '0');
    const session = await begin(clientId, oauth.None());
    const first = await exchange(session);
    const second = await refresh(session, first.refresh_token);
    await assertInvalidGrant(refresh(session, first.refresh_token));
    await assertInvalidGrant(refresh(session, second.refresh_token));
  });

  it('refuses a code that was used, and ends nothing where a browser only reloads the callback', async () => {
    const { clientId, clientSecret } = await register('confidential');
    const session = await begin(clientId, oauth.ClientSecretBasic(clientSecret));
    const first = await exchange(session);
    await assertInvalidGrant(exchange(session));
    assert.notEqual((await refresh(session, first.refresh_token)).access_token, first.access_token);
  });

  it('issues JWTs and reports the lifetime of refresh tokens if the client wants this', async () => {
    const flags = ['--access-token-format', 'jwt', '--include-refresh-expiry', 'true'];
    const { clientId, clientSecret } = await register('confidential', ...flags);
    const session = await begin(clientId, oauth.ClientSecretBasic(clientSecret));
    const { access_token: accessToken, refresh_token_expires_in: expiresIn } = await exchange(session);
    const { iss, client_id: jwtClientId, scope } = decodeJwt(accessToken);
    assert.deepEqual([iss, jwtClientId, scope], [server.url, clientId, SCOPE]);
    assert.equal(expiresIn, 60 * 86_400);
  });

  it('reports an owner who declines', async () => {
    const { clientId } = await register('confidential');
    const challenge = await oauth.calculatePKCECodeChallenge(oauth.generateRandomCodeVerifier());
    const url = await consent(clientId, 'decline', challenge);
    assert.throws(
      () => oauth.validateAuthResponse(authorizationServer, { client_id: clientId }, url, STATE),
      (thrown: unknown) => {
        assert.ok(thrown instanceof oauth.AuthorizationResponseError);
        assert.equal(thrown.error, 'access_denied');
        return true;
      },
    );
  });
});

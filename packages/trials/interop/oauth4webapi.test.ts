import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, test } from 'node:test';
import * as oauth from 'oauth4webapi';
import { CODE_CASES, REDIRECT_URI } from './code-cases.ts';
import type { MadeClient } from '../support/keyfob-process.ts';
import {
  MALFORMED_CODE,
  OAUTH_REFUSALS,
  REFUSAL_CASES,
  refreshTenTimes,
  UNKNOWN_CODE,
  NOT_PERMITTED,
} from './refresh-cases.ts';
import type { OAuthRefusal } from './refresh-cases.ts';
import { openTrialServer } from './trial-server.ts';

const server = await openTrialServer('smartcar');
after(() => server.close());

const authorizationServer: oauth.AuthorizationServer = {
  issuer: server.url,
  token_endpoint: `${server.url}/oauth/token`,
};
const OVER_HTTP = { [oauth.allowInsecureRequests]: true };

const requestTokens = async (
  { clientId, clientSecret }: MadeClient,
  refreshToken: string,
): Promise<oauth.TokenEndpointResponse> => {
  const client = { client_id: clientId };
  const clientAuth = oauth.ClientSecretBasic(clientSecret);
  const response = await oauth.refreshTokenGrantRequest(
    authorizationServer,
    client,
    clientAuth,
    refreshToken,
    OVER_HTTP,
  );
  return oauth.processRefreshTokenResponse(authorizationServer, client, response);
};

const refresh = async (client: MadeClient, refreshToken: string): Promise<string> => {
  const tokens = await requestTokens(client, refreshToken);
  return tokens.refresh_token ?? assert.fail('no refresh token');
};

const exchangeCode = async (
  { clientId, clientSecret }: MadeClient,
  code: string,
): Promise<oauth.TokenEndpointResponse> => {
  const client = { client_id: clientId };
  const redirected = new URL(`${REDIRECT_URI}?code=${code}`);
  const response = await oauth.authorizationCodeGrantRequest(
    authorizationServer,
    client,
    oauth.ClientSecretBasic(clientSecret),
    oauth.validateAuthResponse(authorizationServer, client, redirected, oauth.expectNoState),
    REDIRECT_URI,
    oauth.nopkce,
    OVER_HTTP,
  );
  return oauth.processAuthorizationCodeResponse(authorizationServer, client, response);
};

const exchange = async (client: MadeClient, code: string): Promise<string> => {
  const { refresh_token: refreshToken, ...rest } = await exchangeCode(client, code);
  assert.deepEqual(Object.keys(rest).sort(), ['access_token', 'expires_in', 'token_type']);
  return refreshToken ?? assert.fail('no refresh token');
};

/** Exchanges a code as a public client: with its id in the body and the PKCE verifier. */
const exchangePublicly = async (
  clientId: string,
  code: string,
  codeVerifier: string,
): Promise<oauth.TokenEndpointResponse> => {
  const client = { client_id: clientId };
  const redirected = new URL(`${REDIRECT_URI}?code=${code}&state=s-1`);
  const response = await oauth.authorizationCodeGrantRequest(
    authorizationServer,
    client,
    oauth.None(),
    oauth.validateAuthResponse(authorizationServer, client, redirected, 's-1'),
    REDIRECT_URI,
    codeVerifier,
    OVER_HTTP,
  );
  return oauth.processAuthorizationCodeResponse(authorizationServer, client, response);
};

const requestByClientCredentials = async ({ clientId, clientSecret }: MadeClient): Promise<unknown> => {
  const client = { client_id: clientId };
  const response = await oauth.clientCredentialsGrantRequest(
    authorizationServer,
    client,
    oauth.ClientSecretBasic(clientSecret),
    {},
    OVER_HTTP,
  );
  return oauth.processClientCredentialsResponse(authorizationServer, client, response);
};

/** A 401 has a challenge, which the library reports before it reads the body (RFC 6749 §5.2). */
const assertChallenged = async (request: Promise<unknown>): Promise<void> => {
  const thrown: unknown = await request.catch((error: unknown) => error);
  assert.ok(thrown instanceof oauth.WWWAuthenticateChallengeError);
  assert.equal(thrown.status, 401);
  assert.deepEqual(
    thrown.cause.map(({ scheme }) => scheme),
    ['basic'],
  );
  const { error, error_description: description } = (await thrown.response.json()) as Record<string, string>;
  assert.equal(error, OAUTH_REFUSALS.unauthenticated.error);
  assert.match(description ?? '', OAUTH_REFUSALS.unauthenticated.description);
};

const assertRefused = async (
  request: Promise<unknown>,
  { status, error, description }: OAuthRefusal,
): Promise<void> =>
  assert.rejects(request, (thrown: unknown) => {
    assert.ok(thrown instanceof oauth.ResponseBodyError);
    assert.equal(thrown.status, status);
    assert.equal(thrown.error, error);
    assert.match(thrown.error_description ?? '', description);
    return true;
  });

test('oauth4webapi refreshes a grant ten times in a row, each time with its newest token', async () => {
  await refreshTenTimes(server, refresh);
});

test('oauth4webapi reads a bearer token that expires in two hours, and no other members', async () => {
  const { client } = server;
  const { refreshToken } = await server.grant(client);
  const { access_token, refresh_token, ...rest } = await requestTokens(client, refreshToken);
  assert.equal(typeof access_token, 'string');
  assert.equal(typeof refresh_token, 'string');
  assert.deepEqual(rest, { token_type: 'bearer', expires_in: 7200 });
});

for (const { name, kind, arrange } of REFUSAL_CASES) {
  test(`oauth4webapi throws the refusal of ${name}`, async () => {
    const { client, refreshToken } = await arrange(server, refresh);
    const request = refresh(client, refreshToken);
    await (kind === 'unauthenticated'
      ? assertChallenged(request)
      : assertRefused(request, OAUTH_REFUSALS[kind]));
  });
}

test('oauth4webapi reports that a code was never issued', async () => {
  await assertRefused(exchangeCode(server.client, randomUUID()), UNKNOWN_CODE);
});

test('oauth4webapi reports that a code is malformed', async () => {
  await assertRefused(exchangeCode(server.client, 'no-code'), MALFORMED_CODE);
});

test('oauth4webapi reports that client_credentials is not permitted for this client', async () => {
  await assertRefused(requestByClientCredentials(server.client), NOT_PERMITTED);
});

for (const { name, run } of CODE_CASES)
  test(`oauth4webapi ${name}`, () => run(server, { exchange, refresh, assertRefused }));

test('oauth4webapi exchanges and refreshes as a public client, by PKCE and without a secret', async () => {
  const clientId = await server.registerPublic();
  const codeVerifier = oauth.generateRandomCodeVerifier();
  const codeChallenge = await oauth.calculatePKCECodeChallenge(codeVerifier);
  const code = await server.code({ clientId }, { codeChallenge });
  const wrongVerifier = { status: 400, error: 'invalid_grant', description: /^Invalid code_verifier\.$/ };
  const guess = exchangePublicly(clientId, code, oauth.generateRandomCodeVerifier());
  await assertRefused(guess, wrongVerifier);
  const { refresh_token: first = '' } = await exchangePublicly(clientId, code, codeVerifier);
  const client = { client_id: clientId };
  const response = await oauth.refreshTokenGrantRequest(
    authorizationServer,
    client,
    oauth.None(),
    first,
    OVER_HTTP,
  );
  const { refresh_token: second } = await oauth.processRefreshTokenResponse(
    authorizationServer,
    client,
    response,
  );
  assert.notEqual(second, first);
  await assertRefused(exchangePublicly(clientId, code, codeVerifier), UNKNOWN_CODE);
});

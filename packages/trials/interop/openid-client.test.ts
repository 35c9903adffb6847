import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, test } from 'node:test';
import {
  allowInsecureRequests,
  calculatePKCECodeChallenge,
  authorizationCodeGrant,
  clientCredentialsGrant,
  ClientSecretBasic,
  ClientSecretPost,
  Configuration,
  None,
  randomPKCECodeVerifier,
  refreshTokenGrant,
  ResponseBodyError,
  WWWAuthenticateChallengeError,
} from 'openid-client';
import type { ClientAuth } from 'openid-client';
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

const configurationOf = (
  { clientId, clientSecret }: MadeClient,
  clientAuth: ClientAuth = ClientSecretBasic(clientSecret),
): Configuration => {
  const metadata = { issuer: server.url, token_endpoint: `${server.url}/oauth/token` };
  const configuration = new Configuration(metadata, clientId, undefined, clientAuth);
  allowInsecureRequests(configuration);
  return configuration;
};

const refresh = async (client: MadeClient, refreshToken: string): Promise<string> => {
  const tokens = await refreshTokenGrant(configurationOf(client), refreshToken);
  return tokens.refresh_token ?? assert.fail('no refresh token');
};

const exchangeCode = async (client: MadeClient, code: string) =>
  authorizationCodeGrant(configurationOf(client), new URL(`${REDIRECT_URI}?code=${code}`));

const exchange = async (client: MadeClient, code: string): Promise<string> => {
  const tokens = await exchangeCode(client, code);
  assert.equal(tokens.expires_in, 7200);
  return tokens.refresh_token ?? assert.fail('no refresh token');
};

/** A 401 has a challenge, and the library reports only the challenge (RFC 6749 §5.2). */
const assertChallenged = async (request: Promise<unknown>): Promise<void> =>
  assert.rejects(request, (thrown: unknown) => {
    assert.ok(thrown instanceof WWWAuthenticateChallengeError);
    assert.equal(thrown.status, 401);
    assert.deepEqual(
      thrown.cause.map(({ scheme }) => scheme),
      ['basic'],
    );
    return true;
  });

const assertRefused = async (
  request: Promise<unknown>,
  { status, error, description }: OAuthRefusal,
): Promise<void> =>
  assert.rejects(request, (thrown: unknown) => {
    assert.ok(thrown instanceof ResponseBodyError);
    assert.equal(thrown.status, status);
    assert.equal(thrown.error, error);
    assert.match(thrown.error_description ?? '', description);
    return true;
  });

test('openid-client refreshes a grant ten times in a row, each time with its newest token', async () => {
  await refreshTenTimes(server, refresh);
});

test('openid-client reads a bearer token that expires in two hours', async () => {
  const { client } = server;
  const { refreshToken } = await server.grant(client);
  const tokens = await refreshTokenGrant(configurationOf(client), refreshToken);
  assert.equal(tokens.token_type, 'bearer');
  assert.equal(tokens.expires_in, 7200);
});

for (const { name, kind, arrange } of REFUSAL_CASES) {
  test(`openid-client throws the refusal of ${name}`, async () => {
    const { client, refreshToken } = await arrange(server, refresh);
    const request = refresh(client, refreshToken);
    await (kind === 'unauthenticated'
      ? assertChallenged(request)
      : assertRefused(request, OAUTH_REFUSALS[kind]));
  });
}

test('openid-client may send the secret in the body, unless the client is registered for HTTP Basic only', async () => {
  const client = await server.register();
  const { refreshToken } = await server.grant(client);
  const configuration = configurationOf(client, ClientSecretPost(client.clientSecret));
  const { refresh_token: next = '' } = await refreshTokenGrant(configuration, refreshToken);
  assert.notEqual(next, refreshToken);
  await server.process.command('client', 'set', client.clientId, '--client-authentication', 'basic');
  await assertChallenged(refreshTokenGrant(configuration, next));
});

test('openid-client reports that a code was never issued', async () => {
  await assertRefused(exchangeCode(server.client, randomUUID()), UNKNOWN_CODE);
});

test('openid-client reports that a code is malformed', async () => {
  await assertRefused(exchangeCode(server.client, 'no-code'), MALFORMED_CODE);
});

test('openid-client reports that client_credentials is not permitted for this client', async () => {
  const configuration = configurationOf(server.client);
  await assertRefused(clientCredentialsGrant(configuration), NOT_PERMITTED);
});

for (const { name, run } of CODE_CASES)
  test(`openid-client ${name}`, () => run(server, { exchange, refresh, assertRefused }));

test('openid-client exchanges and refreshes as a public client, by PKCE and without a secret', async () => {
  const clientId = await server.registerPublic();
  const pkceCodeVerifier = randomPKCECodeVerifier();
  const codeChallenge = await calculatePKCECodeChallenge(pkceCodeVerifier);
  const code = await server.code({ clientId }, { codeChallenge });
  const configuration = configurationOf({ clientId, clientSecret: '' }, None());
  const redirected = new URL(`${REDIRECT_URI}?code=${code}&state=s-1`);
  const checks = { pkceCodeVerifier, expectedState: 's-1' };
  const first = await authorizationCodeGrant(configuration, redirected, checks);
  const second = await refreshTokenGrant(configuration, first.refresh_token ?? '');
  assert.notEqual(second.refresh_token, first.refresh_token);
});

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, describe, test } from 'node:test';
import { OAuth2Client, OAuth2HttpError } from '@badgateway/oauth2-client';
import type { MadeClient } from '../support/keyfob-process.ts';
import {
  MALFORMED_CODE,
  OAUTH_REFUSALS,
  REFUSAL_CASES,
  refreshTenTimes,
  UNKNOWN_CODE,
  NOT_PERMITTED,
  UNSUPPORTED_GRANT_TYPE,
} from './refresh-cases.ts';
import type { OAuthRefusal } from './refresh-cases.ts';
import { openTrialServer } from './trial-server.ts';

const server = await openTrialServer('smartcar');
after(() => server.close());

const REDIRECT_URI = 'https://example.com/callback';
const ACCESS_TOKEN_LIFETIME_MS = 7_200_000;

type AuthenticationMethod = 'client_secret_basic' | 'client_secret_basic_interop' | 'client_secret_post';

const appOf = (client: MadeClient, authenticationMethod: AuthenticationMethod): OAuth2Client =>
  new OAuth2Client({
    server: server.url,
    tokenEndpoint: '/oauth/token',
    clientId: client.clientId,
    clientSecret: client.clientSecret,
    authenticationMethod,
  });

const assertRefused = async (
  request: Promise<unknown>,
  { status, error, description }: OAuthRefusal,
): Promise<void> =>
  assert.rejects(request, (thrown: unknown) => {
    assert.ok(thrown instanceof OAuth2HttpError);
    assert.equal(thrown.httpCode, status);
    assert.equal(thrown.oauth2Code, error);
    const { error_description: reported } = thrown.parsedBody as Readonly<Record<string, string>>;
    assert.match(reported ?? '', description);
    assert.equal(thrown.message, `OAuth2 error ${error}. ${reported}`);
    return true;
  });

/** HTTP Basic in two ways: with every character form-encoded, and with the credentials unchanged. */
for (const method of ['client_secret_basic', 'client_secret_basic_interop'] as const) {
  const refresh = async (client: MadeClient, refreshToken: string): Promise<string> => {
    const held = { accessToken: '', expiresAt: null, refreshToken };
    const beforeMs = Date.now();
    const tokens = await appOf(client, method).refreshToken(held);
    const { expiresAt } = tokens;
    assert.ok(expiresAt !== null && expiresAt >= beforeMs + ACCESS_TOKEN_LIFETIME_MS);
    assert.ok(expiresAt <= Date.now() + ACCESS_TOKEN_LIFETIME_MS);
    assert.equal(tokens.extraParams, undefined);
    return tokens.refreshToken ?? assert.fail('no refresh token');
  };

  describe(`@badgateway/oauth2-client by ${method}`, () => {
    test('refreshes a grant ten times in a row, each time with its newest token', async () => {
      await refreshTenTimes(server, refresh);
    });

    for (const { name, kind, arrange } of REFUSAL_CASES) {
      test(`throws the refusal of ${name}`, async () => {
        const { client, refreshToken } = await arrange(server, refresh);
        await assertRefused(refresh(client, refreshToken), OAUTH_REFUSALS[kind]);
      });
    }

    test('reports that a code was never issued', async () => {
      const { authorizationCode } = appOf(server.client, method);
      const request = authorizationCode.getToken({ code: randomUUID(), redirectUri: REDIRECT_URI });
      await assertRefused(request, UNKNOWN_CODE);
    });

    test('reports that a code is malformed', async () => {
      const { authorizationCode } = appOf(server.client, method);
      const request = authorizationCode.getToken({ code: 'no-code', redirectUri: REDIRECT_URI });
      await assertRefused(request, MALFORMED_CODE);
    });

    test('reports that client_credentials is not permitted for this client', async () => {
      const app = appOf(server.client, method);
      await assertRefused(app.clientCredentials(), NOT_PERMITTED);
    });

    test('reports that the password grant is not supported', async () => {
      const app = appOf(server.client, method);
      await assertRefused(app.password({ username: 'owner-1', password: 'x' }), UNSUPPORTED_GRANT_TYPE);
    });
  });
}

test('@badgateway/oauth2-client may send the secret in the body, unless the client is registered for HTTP Basic only', async () => {
  const client = await server.register();
  const { refreshToken } = await server.grant(client);
  const held = { accessToken: '', expiresAt: null, refreshToken };
  const refreshed = await appOf(client, 'client_secret_post').refreshToken(held);
  assert.notEqual(refreshed.refreshToken, refreshToken);
  await server.process.command('client', 'set', client.clientId, '--client-authentication', 'basic');
  await assertRefused(
    appOf(client, 'client_secret_post').refreshToken(refreshed),
    OAUTH_REFUSALS.unauthenticated,
  );
});

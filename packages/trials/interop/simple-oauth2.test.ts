import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, describe, test } from 'node:test';
import { AuthorizationCode, ClientCredentials } from 'simple-oauth2';
import type { Config } from 'simple-oauth2';
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

// The library sends no User-Agent, which Smartcar's page requires.
const server = await openTrialServer('smartcar', '--require-user-agent', 'false');
after(() => server.close());

type Settings = Pick<Config, 'options' | 'http'>;

const configOf = ({ clientId, clientSecret }: MadeClient, settings: Settings = {}): Config => ({
  client: { id: clientId, secret: clientSecret },
  auth: { tokenHost: server.url },
  ...settings,
});

const refresh = async (
  client: MadeClient,
  refreshToken: string,
  settings: Settings = {},
): Promise<string> => {
  const held = new AuthorizationCode(configOf(client, settings)).createToken({ refresh_token: refreshToken });
  const { token } = await held.refresh();
  assert.equal(token['token_type'], 'Bearer');
  assert.equal(token['expires_in'], 7200);
  const successor = token['refresh_token'];
  return typeof successor === 'string' ? successor : assert.fail('no refresh token');
};

const exchange = async (client: MadeClient, code: string): Promise<string> => {
  const app = new AuthorizationCode(configOf(client));
  const { token } = await app.getToken({ code, redirect_uri: REDIRECT_URI });
  const refreshToken = token['refresh_token'];
  return typeof refreshToken === 'string' ? refreshToken : assert.fail('no refresh token');
};

type BoomError = Error & {
  readonly output: { readonly statusCode: number };
  readonly data: { readonly payload: { readonly error: string; readonly error_description: string } };
};

const assertRefused = async (
  request: Promise<unknown>,
  { status, error, description }: OAuthRefusal,
): Promise<void> =>
  assert.rejects(request, (thrown: unknown) => {
    assert.ok(thrown instanceof Error);
    const { message, output, data } = thrown as BoomError;
    assert.match(message, new RegExp(`^Response Error: ${status} `));
    assert.equal(output.statusCode, status);
    assert.equal(data.payload.error, error);
    assert.match(data.payload.error_description, description);
    return true;
  });

for (const credentialsEncodingMode of ['strict', 'loose'] as const) {
  const settings = { options: { credentialsEncodingMode } };
  const refreshEncoded = (client: MadeClient, refreshToken: string): Promise<string> =>
    refresh(client, refreshToken, settings);

  describe(`simple-oauth2 with ${credentialsEncodingMode} encoding of credentials`, () => {
    test('refreshes a grant ten times in a row, each time with its newest token', async () => {
      await refreshTenTimes(server, refreshEncoded);
    });

    for (const { name, kind, arrange } of REFUSAL_CASES) {
      test(`throws the refusal of ${name}`, async () => {
        const { client, refreshToken } = await arrange(server, refreshEncoded);
        await assertRefused(refreshEncoded(client, refreshToken), OAUTH_REFUSALS[kind]);
      });
    }

    test('reports that a code was never issued', async () => {
      const app = new AuthorizationCode(configOf(server.client, settings));
      await assertRefused(app.getToken({ code: randomUUID(), redirect_uri: REDIRECT_URI }), UNKNOWN_CODE);
    });

    test('reports that a code is malformed', async () => {
      const app = new AuthorizationCode(configOf(server.client, settings));
      await assertRefused(app.getToken({ code: 'no-code', redirect_uri: REDIRECT_URI }), MALFORMED_CODE);
    });

    test('reports that client_credentials is not permitted for this client', async () => {
      const app = new ClientCredentials(configOf(server.client, settings));
      await assertRefused(app.getToken({}), NOT_PERMITTED);
    });
  });
}

describe('simple-oauth2 for a client that must send a User-Agent', () => {
  const USER_AGENT_REQUIRED = ['--require-user-agent', 'true'] as const;

  test('reports that the header is missing, and the refresh token stays valid', async () => {
    const client = await server.register(...USER_AGENT_REQUIRED);
    const { refreshToken } = await server.grant(client);
    const description =
      /^The User-Agent header is required, unless the platform sets requireUserAgent to false for the client\.$/;
    await assertRefused(refresh(client, refreshToken), {
      status: 400,
      error: 'invalid_request',
      description,
    });
    await server.process.command('client', 'set', client.clientId, '--require-user-agent', 'false');
    assert.notEqual(await refresh(client, refreshToken), refreshToken);
  });

  test('refreshes once the app sets the header in the options of the library', async () => {
    const client = await server.register(...USER_AGENT_REQUIRED);
    const { refreshToken } = await server.grant(client);
    const http = { headers: { 'User-Agent': 'charge-planner/1.0' } };
    assert.notEqual(await refresh(client, refreshToken, { http }), refreshToken);
  });
});

test('simple-oauth2 may send the secret in the body, unless the client is registered for HTTP Basic only', async () => {
  const client = await server.register();
  const { refreshToken } = await server.grant(client);
  const settings = { options: { authorizationMethod: 'body' } } as const;
  const next = await refresh(client, refreshToken, settings);
  assert.notEqual(next, refreshToken);
  await server.process.command('client', 'set', client.clientId, '--client-authentication', 'basic');
  await assertRefused(refresh(client, next, settings), {
    status: 401,
    error: 'invalid_client',
    description: /authentication failed/,
  });
});

test('simple-oauth2 reports the required content type when it sends JSON', async () => {
  const { client } = server;
  const { refreshToken } = await server.grant(client);
  const description = /^Content-Type must be application\/x-www-form-urlencoded\.$/;
  const settings = { options: { bodyFormat: 'json' } } as const;
  await assertRefused(refresh(client, refreshToken, settings), {
    status: 400,
    error: 'invalid_request',
    description,
  });
});

for (const { name, run } of CODE_CASES)
  test(`simple-oauth2 ${name}`, () => run(server, { exchange, refresh, assertRefused }));

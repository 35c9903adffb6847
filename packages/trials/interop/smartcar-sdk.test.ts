import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { after, describe, test } from 'node:test';
import smartcar10 from 'smartcar';
import smartcar9 from 'smartcar-9';
import { CODE_CASES, REDIRECT_URI } from './code-cases.ts';
import type { MadeClient } from '../support/keyfob-process.ts';
import {
  MALFORMED_CODE,
  OAUTH_REFUSALS,
  REFUSAL_CASES,
  refreshTenTimes,
  UNKNOWN_CODE,
} from './refresh-cases.ts';
import type { OAuthRefusal } from './refresh-cases.ts';
import { openTrialServer } from './trial-server.ts';

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const LOG_TIMEOUT_MS = 10_000;

const server = await openTrialServer('smartcar');
after(() => server.close());
// The SDK reads this variable for each AuthClient.
process.env['SMARTCAR_AUTH_ORIGIN'] = server.url;

for (const [name, { AuthClient, SmartcarError }] of [
  ['smartcar 10', smartcar10],
  ['smartcar 9', smartcar9],
] as const) {
  const authClientOf = ({ clientId, clientSecret }: MadeClient) =>
    new AuthClient({ clientId, clientSecret, redirectUri: REDIRECT_URI });
  const exchangeCode = async (client: MadeClient, code: string): Promise<string> =>
    (await authClientOf(client).exchangeCode(code)).refreshToken;
  const refresh = async (client: MadeClient, refreshToken: string): Promise<string> =>
    (await authClientOf(client).exchangeRefreshToken(refreshToken)).refreshToken;
  const assertRefused = async (
    exchange: Promise<unknown>,
    { status, error, description }: OAuthRefusal,
  ): Promise<void> =>
    assert.rejects(exchange, (thrown: unknown) => {
      assert.ok(thrown instanceof SmartcarError);
      assert.equal(thrown.type, error);
      assert.equal(thrown.statusCode, status);
      assert.match(thrown.description, description);
      assert.match(thrown.requestId, UUID);
      assert.equal(thrown.retryAfter, undefined);
      return true;
    });

  describe(name, () => {
    test('refreshes a grant ten times in a row, each time with its newest token', async () => {
      await refreshTenTimes(server, refresh);
    });

    test('reads that the access token expires in two hours', async () => {
      const { client } = server;
      const { refreshToken, accessToken: first } = await server.grant(client);
      const beforeMs = Date.now();
      const { accessToken, expiration } = await authClientOf(client).exchangeRefreshToken(refreshToken);
      const afterMs = Date.now();
      assert.match(accessToken, UUID);
      assert.notEqual(accessToken, first);
      assert.ok(expiration.getTime() >= beforeMs + 7_200_000 && expiration.getTime() <= afterMs + 7_200_000);
    });

    test('gets the same refresh token when two processes refresh at the same time', async () => {
      const { client } = server;
      const { refreshToken } = await server.grant(client);
      const [one, other] = await Promise.all([refresh(client, refreshToken), refresh(client, refreshToken)]);
      assert.equal(one, other);
      assert.notEqual(one, refreshToken);
    });

    test('refreshes with flags, which the SDK adds to the query', async () => {
      const { client } = server;
      const { refreshToken } = await server.grant(client);
      const flags = { country: 'DE' };
      const access = await authClientOf(client).exchangeRefreshToken(refreshToken, { flags });
      assert.match(access.refreshToken, UUID);
    });

    for (const refusal of REFUSAL_CASES) {
      test(`throws a SmartcarError for ${refusal.name}`, async () => {
        const { client, refreshToken } = await refusal.arrange(server, refresh);
        await assertRefused(refresh(client, refreshToken), OAUTH_REFUSALS[refusal.kind]);
      });
    }

    test('throws a SmartcarError for a code that was never issued', async () => {
      const exchange = authClientOf(server.client).exchangeCode(randomUUID());
      await assertRefused(exchange, UNKNOWN_CODE);
    });

    test('throws a SmartcarError for a malformed code', async () => {
      const exchange = authClientOf(server.client).exchangeCode('no-code');
      await assertRefused(exchange, MALFORMED_CODE);
    });

    for (const one of CODE_CASES)
      test(one.name, () => one.run(server, { exchange: exchangeCode, refresh, assertRefused }));

    test('reads the documented token lifetimes after a code exchange', async () => {
      const { client } = server;
      const beforeMs = Date.now();
      const { expiration, refreshExpiration } = await authClientOf(client).exchangeCode(
        await server.code(client),
      );
      const DAY_MS = 86_400_000;
      assert.ok(Math.abs(expiration.getTime() - beforeMs - 7_200_000) < 60_000);
      assert.ok(Math.abs(refreshExpiration.getTime() - beforeMs - 60 * DAY_MS) < DAY_MS);
    });

    test('can still refresh a grant after a wrong secret was refused', async () => {
      const { client } = server;
      const { refreshToken } = await server.grant(client);
      const guess = refresh({ ...client, clientSecret: 'guess' }, refreshToken);
      await assertRefused(guess, OAUTH_REFUSALS.unauthenticated);
      assert.match(await refresh(client, refreshToken), UUID);
    });

    test('shows a request id that the operator finds in the log', { timeout: LOG_TIMEOUT_MS }, async () => {
      const guess = refresh({ clientId: 'no-such-client', clientSecret: 'guess' }, randomUUID());
      const thrown: unknown = await guess.catch((error: unknown) => error);
      assert.ok(thrown instanceof SmartcarError);
      const { child } = server.process;
      while (!server.process.log().includes(thrown.requestId) && child.stderr !== null)
        await once(child.stderr, 'data');
      const line = server.process
        .log()
        .split('\n')
        .find((text) => text.includes(thrown.requestId));
      assert.match(line ?? '', /"reason":"client_unknown"/);
    });
  });
}

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  ClientSecretPost,
  customFetch,
  discoveryRequest,
  processDiscoveryResponse,
  processRefreshTokenResponse,
  refreshTokenGrantRequest,
} from 'oauth4webapi';
import { createAuthorizationServer } from '@keyfob/server';
import { openSqliteStore } from '@keyfob/server/stores';
import { createKeyLines } from '@keyfob/server/tokens';
import { makeClient, makeGrant } from '../support/make-client.ts';

const NOW_MS = 1_750_000_000_000;

/** An issuer with its own store, key ring and clock, below a path of one host. */
const openIssuer = async (basePath: string, startMs: number) => {
  let nowMs = startMs;
  const store = openSqliteStore(':memory:');
  const server = await createAuthorizationServer(
    { publicUrl: `https://sandbox.example${basePath}`, key: createKeyLines(1, 1_700_000_000), demo: true },
    { store, basePath, clock: () => nowMs },
  );
  const registration = { dialect: 'smartcar', name: 'Charge planner' };
  const { client, clientSecret } = await makeClient(server.deployment, registration);
  const wanted = { clientId: client.id, subject: 'owner-1', scope: '', brand: undefined };
  const { tokens } = await makeGrant(server.deployment, wanted);
  const authorization = `Basic ${Buffer.from(`${client.id}:${clientSecret}`).toString('base64')}`;
  return {
    store,
    server,
    refreshToken: tokens.refreshToken,
    advanceDays: (days: number) => void (nowMs += days * 86_400_000),
    async refresh(refreshToken: string, path = basePath): Promise<number> {
      const request = new Request(`https://sandbox.example${path}/oauth/token`, {
        method: 'POST',
        headers: { Authorization: authorization, 'User-Agent': 'trial' },
        body: new URLSearchParams({ grant_type: 'refresh_token', refresh_token: refreshToken }),
      });
      return (await server.fetch(request)).status;
    },
  };
};

test('issuers in one process are separate, each with its own path and clock', async (t) => {
  const one = await openIssuer('/one', NOW_MS);
  const other = await openIssuer('/other', NOW_MS);
  t.after(async () => {
    for (const { server, store } of [one, other]) {
      await server.close();
      await store.close();
    }
  });
  assert.equal(await one.refresh(one.refreshToken, '/other'), 404);
  assert.equal(await one.refresh(one.refreshToken, '/onesided'), 404);
  assert.equal(await one.refresh(other.refreshToken), 400);
  one.advanceDays(10_000);
  assert.equal(await one.refresh(one.refreshToken), 400, 'its refresh token has expired');
  assert.equal(await other.refresh(other.refreshToken), 200);
});

test('an issuer below a path serves its metadata where RFC 8414 specifies', async (t) => {
  const { server, store } = await openIssuer('/one', NOW_MS);
  t.after(async () => {
    await server.close();
    await store.close();
  });
  for (const path of [
    '/one/.well-known/oauth-authorization-server',
    '/.well-known/oauth-authorization-server/one',
  ]) {
    const response = await server.fetch(new Request(`https://sandbox.example${path}`));
    const { issuer } = (await response.json()) as { issuer: string };
    assert.equal(issuer, 'https://sandbox.example/one', path);
  }
});

test('a wire has metadata of its own at an issuer of its own, on the store of the others', async (t) => {
  const store = openSqliteStore(':memory:');
  const key = createKeyLines(1, 1_700_000_000);
  t.after(() => store.close());
  for (const [dialect, path] of [
    ['ping', '/as/token.oauth2'],
    ['tesla', '/oauth2/v3/token'],
  ] as const) {
    const issuer = new URL(`https://cars.example/${dialect}`);
    const server = await createAuthorizationServer(
      { publicUrl: issuer.href, key, metadataDialect: dialect },
      { store, basePath: `/${dialect}` },
    );
    t.after(() => server.close());
    const { client, clientSecret } = await makeClient(server.deployment, { dialect, name: 'Charge planner' });
    const wanted = { clientId: client.id, subject: 'owner-1', scope: '', brand: undefined };
    const { tokens } = await makeGrant(server.deployment, wanted);
    const options = {
      [customFetch]: (url: string, init: object) => server.fetch(new Request(url, init)),
    };
    // A program that knows the URL of the issuer alone.
    const found = await discoveryRequest(issuer, { algorithm: 'oauth2', ...options });
    const metadata = await processDiscoveryResponse(issuer, found);
    assert.equal(metadata.token_endpoint, `${issuer.href}${path}`);
    const known = { client_id: client.id };
    const secret = ClientSecretPost(clientSecret);
    const answer = await refreshTokenGrantRequest(metadata, known, secret, tokens.refreshToken, options);
    const { refresh_token: next } = await processRefreshTokenResponse(metadata, known, answer);
    assert.notEqual(next, tokens.refreshToken);
  }
});

test('a store that the caller passes in stays open when its server closes', async () => {
  const { server, store } = await openIssuer('', NOW_MS);
  await server.close();
  assert.equal(await store.countGrants(), 1);
  await store.close();
});

test('a browser has a separate session for each issuer on one host', async (t) => {
  const issuers = await Promise.all(['/one', '/one/more'].map((path) => openIssuer(path, NOW_MS)));
  t.after(async () => {
    for (const { server, store } of issuers) {
      await server.close();
      await store.close();
    }
  });
  const names = await Promise.all(
    issuers.map(async ({ server }) => {
      const response = await server.fetch(new Request(`${server.publicUrl}/connect`));
      return response.headers.get('set-cookie')?.split('=')[0];
    }),
  );
  assert.deepEqual(names, ['__Host-keyfob-session-one', '__Host-keyfob-session-one+more']);
});

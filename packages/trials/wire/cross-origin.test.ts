import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createAuthorizationServer } from '@keyfob/server';
import type { ClientRegistration } from '@keyfob/server';
import { makeClient, makeGrant } from '../support/make-client.ts';
import { directoryFor } from '../support/test-directory.ts';
import type { Scope } from '../support/test-directory.ts';
import { createResourceTrial } from './resource-trial.ts';

const URL_OF_SERVER = 'https://fob.example';
const APP = 'https://app.example';
const OTHER_APP = 'https://other-app.example';
const STRANGER = 'https://stranger.example';

/** A server with two public clients and a confidential one, and what a script may read of its answers. */
const open = async (scope: Scope) => {
  const server = await createAuthorizationServer({ data: directoryFor(scope), publicUrl: URL_OF_SERVER });
  scope.after(() => server.close());
  const register = async (origin: string, type: NonNullable<ClientRegistration['type']>) => {
    const registration = { dialect: 'smartcar', name: origin, type, redirectUris: [`${origin}/callback`] };
    const { client, clientSecret } = await makeClient(server.deployment, registration);
    const wanted = { clientId: client.id, subject: 'owner-1', scope: 'read_odometer', brand: undefined };
    const { tokens } = await makeGrant(server.deployment, wanted);
    return { clientId: client.id, clientSecret, ...tokens };
  };
  const send = async (method: string, path: string, headers: Record<string, string>, form = '') => {
    const type = form === '' ? {} : { 'Content-Type': 'application/x-www-form-urlencoded' };
    const init = { method, headers: { 'User-Agent': 'script', ...type, ...headers } };
    const request = new Request(`${URL_OF_SERVER}${path}`, form === '' ? init : { ...init, body: form });
    const { status, headers: answered } = await server.fetch(request);
    assert.equal(answered.get('access-control-allow-credentials'), null, 'cookies stay out');
    return { status, readableBy: answered.get('access-control-allow-origin'), headers: answered };
  };
  return {
    app: await register(APP, 'public'),
    other: await register(OTHER_APP, 'public'),
    confidential: await register('https://server.example', 'confidential'),
    send,
    preflight: (path: string, Origin: string, method = 'POST') =>
      send('OPTIONS', path, { Origin, 'Access-Control-Request-Method': method }),
  };
};

const refreshForm = ({ clientId, refreshToken }: { clientId: string; refreshToken: string }) =>
  new URLSearchParams({
    grant_type: 'refresh_token',
    client_id: clientId,
    refresh_token: refreshToken,
  }).toString();

describe('A script in a browser', () => {
  test('of a public client gets its preflights answered where it may call', async (t) => {
    const { preflight } = await open(t);
    for (const [path, method] of [
      ['/oauth/token', 'POST'],
      ['/token', 'POST'],
      ['/oauth/revoke', 'POST'],
      ['/v2.0/user', 'GET'],
      ['/v2.0/vehicles/some/application', 'DELETE'],
    ] as const) {
      const { status, readableBy, headers } = await preflight(path, APP, method);
      assert.deepEqual([status, readableBy], [200, APP], path);
      assert.deepEqual(
        ['access-control-allow-methods', 'access-control-allow-headers', 'vary'].map((name) =>
          headers.get(name),
        ),
        [method, 'Authorization, Content-Type, Idempotency-Key, *', 'Origin'],
      );
    }
  });

  test('of nobody, and of a client with a secret, gets no preflight answered', async (t) => {
    const { preflight } = await open(t);
    for (const origin of [STRANGER, 'https://server.example', 'null', `${APP}, ${APP}`]) {
      const { status, readableBy } = await preflight('/oauth/token', origin);
      assert.deepEqual([status, readableBy], [403, null], origin);
    }
  });

  test('may never call where an owner or a secret is asked for', async (t) => {
    const { preflight, send } = await open(t);
    for (const [path, method] of [
      ['/oauth/authorize', 'GET'],
      ['/authorize', 'POST'],
      ['/connect', 'POST'],
      ['/oauth/introspect', 'POST'],
      ['/oauth2/token', 'POST'],
      ['/oauth/token', 'GET'],
    ] as const) {
      const { status, readableBy } = await preflight(path, APP, method);
      assert.deepEqual([status, readableBy], [405, null], path);
    }
    assert.equal((await preflight('/v1/auth/token', APP)).readableBy, null);
    for (const path of ['/oauth/authorize?client_id=x', '/connect'])
      assert.equal((await send('GET', path, { Origin: APP })).readableBy, null, path);
  });

  test('reads the tokens of its own client only', async (t) => {
    const { app, other, confidential, send } = await open(t);
    const own = await send('POST', '/oauth/token', { Origin: APP }, refreshForm(app));
    assert.deepEqual([own.status, own.readableBy, own.headers.get('vary')], [200, APP, 'Origin']);
    assert.equal(own.headers.get('access-control-expose-headers'), '*');
    const foreign = await send('POST', '/oauth/token', { Origin: APP }, refreshForm(other));
    assert.deepEqual(
      [foreign.status, foreign.readableBy, foreign.headers.get('vary')],
      [200, null, 'Origin'],
    );
    const { clientId, clientSecret } = confidential;
    const Authorization = `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`;
    for (const Origin of ['https://server.example', APP]) {
      const answer = await send('POST', '/oauth/token', { Origin, Authorization }, refreshForm(confidential));
      assert.deepEqual([answer.status, answer.readableBy], [200, null], Origin);
    }
    const withoutScript = await send('POST', '/oauth/token', {}, refreshForm(app));
    assert.deepEqual([withoutScript.readableBy, withoutScript.headers.get('vary')], [null, null]);
  });

  test('reads what the owner shares with its own client, and revokes', async (t) => {
    const { app, send } = await open(t);
    const Authorization = `Bearer ${app.accessToken}`;
    for (const [Origin, readableBy] of [
      [APP, APP],
      [OTHER_APP, null],
    ] as const) {
      const answer = await send('GET', '/v2.0/user', { Origin, Authorization });
      assert.deepEqual([answer.status, answer.readableBy], [200, readableBy]);
    }
    const form = new URLSearchParams({ client_id: app.clientId, token: app.refreshToken }).toString();
    const revoked = await send('POST', '/oauth/revoke', { Origin: APP }, form);
    assert.deepEqual([revoked.status, revoked.readableBy], [200, APP]);
    const dead = await send('POST', '/oauth/token', { Origin: APP }, refreshForm(app));
    assert.deepEqual([dead.status, dead.readableBy], [400, APP], 'it learns that the token is dead');
    const ended = await send('GET', '/v2.0/user', { Origin: APP, Authorization });
    assert.deepEqual([ended.status, ended.readableBy], [401, APP]);
  });

  test('reads an error before a client is known only at an origin of some public client', async (t) => {
    const { send } = await open(t);
    const form = refreshForm({ clientId: 'nobody', refreshToken: 'x' });
    for (const [Origin, readableBy] of [
      [APP, APP],
      [STRANGER, null],
    ] as const) {
      const answer = await send('POST', '/oauth/token', { Origin }, form);
      assert.deepEqual([answer.status, answer.readableBy], [401, readableBy], Origin);
    }
  });

  test('of any origin reads every public document, and learns that there is none of another kind', async (t) => {
    const { preflight, send } = await open(t);
    for (const [path, status] of [
      ['/.well-known/oauth-authorization-server', 200],
      ['/.well-known/oauth-protected-resource', 200],
      ['/.well-known/openid-configuration', 404],
      ['/.well-known/jwks.json', 200],
      ['/openapi.json', 200],
    ] as const) {
      const read = await send('GET', path, { Origin: STRANGER });
      assert.deepEqual([read.status, read.readableBy], [status, '*'], path);
      // Libraries send headers of their own, which a browser asks about first.
      const asked = await preflight(path, STRANGER, 'GET');
      assert.deepEqual([asked.status, asked.readableBy], [200, '*'], path);
    }
  });

  test('reads a refusal that no endpoint gave, at an origin of some public client', async (t) => {
    const { preflight, send } = await open(t);
    // By now the server has read whose origins there are.
    await preflight('/oauth/token', APP);
    for (const [Origin, readableBy] of [
      [APP, APP],
      [STRANGER, null],
    ] as const) {
      const body = await send('POST', '/oauth/token', { Origin }, 'a='.padEnd(20_000, 'x'));
      assert.deepEqual([body.status, body.readableBy, body.headers.get('vary')], [413, readableBy, 'Origin']);
      const head = await send('POST', '/oauth/token', { Origin, 'X-Long': 'x'.repeat(17_000) }, 'a=b');
      assert.deepEqual([head.status, head.readableBy], [431, readableBy], Origin);
    }
    const page = await send('GET', `/oauth/authorize?${'x'.repeat(17_000)}`, { Origin: APP });
    assert.deepEqual([page.status, page.readableBy], [431, null]);
  });

  test('reads that the service is unavailable, and is not mistaken for a stranger', async () => {
    const trial = createResourceTrial();
    const known = await trial.register('smartcar', { type: 'public', redirectUris: [`${APP}/callback`] });
    const form = {
      grant_type: 'refresh_token',
      client_id: known.client.id,
      refresh_token: crypto.randomUUID(),
    };
    const refresh = () => trial.post('/oauth/token', form, undefined, { origin: APP });
    const preflight = { origin: APP, 'access-control-request-method': 'POST' };
    trial.setStore('unavailable');
    assert.equal((await trial.send('OPTIONS', '/oauth/token', preflight, '')).status, 503);
    trial.setStore('available');
    assert.equal((await trial.send('OPTIONS', '/oauth/token', preflight, '')).status, 200);
    trial.setStore('unavailable');
    const { status, headers } = await refresh();
    assert.deepEqual([status, headers['Access-Control-Allow-Origin']], [503, APP]);
  });
});

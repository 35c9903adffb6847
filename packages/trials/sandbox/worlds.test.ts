import assert from 'node:assert/strict';
import test from 'node:test';
import { createGrantIn } from '@keyfob/sandbox';
import { call, openSandbox } from './support.ts';

test('the same seed gives the same clients, secrets and grants', async (t) => {
  const sandbox = await openSandbox(t);
  const [one, other] = await Promise.all([
    sandbox.createWorld({ seed: 'alike', clock: '2026-01-01' }),
    sandbox.createWorld({ seed: 'alike', clock: '2026-01-01' }),
  ]);
  assert.deepEqual(one.clients.list(), other.clients.list());
  const [first, second] = await Promise.all([createGrantIn(one), createGrantIn(other)]);
  assert.equal(first.refreshToken, second.refreshToken);
});

test('another seed gives other secrets, and its tokens are unknown in the first world', async (t) => {
  const sandbox = await openSandbox(t);
  const [one, other] = await Promise.all([
    sandbox.createWorld({ seed: 'one' }),
    sandbox.createWorld({ seed: 'other' }),
  ]);
  assert.notEqual(one.clients.find('smartcar')?.clientSecret, other.clients.find('smartcar')?.clientSecret);
  const { refreshToken } = await createGrantIn(other);
  const { body } = await call(sandbox.url, 'POST', `/worlds/${one.id}/holds`, { token: refreshToken });
  assert.equal(body['kind'], 'unknown');
});

test('headers that are too long are refused by the server of a world, also on a port of its own', async (t) => {
  const sandbox = await openSandbox(t);
  for (const port of [false, true]) {
    const { url, journal } = await sandbox.createWorld({ port });
    const headers = { authorization: `Bearer ${'x'.repeat(30_000)}` };
    const response = await fetch(`${url}/oauth/token`, { method: 'POST', headers });
    assert.equal(response.status, 431);
    assert.match(await response.text(), /headers are too large/);
    assert.equal(journal.read({}).requests.length, 1);
  }
});

test('an unknown field is refused with the nearest known one', async (t) => {
  const sandbox = await openSandbox(t);
  const { status, body } = await call(sandbox.url, 'POST', '/worlds', { clok: '2026-01-01' });
  assert.equal(status, 400);
  assert.match(String(body['detail']), /unknown field clok, did you mean clock\?/);
});

test('a policy may differ from the one of the dialect, also in how JWTs are signed', async (t) => {
  const sandbox = await openSandbox(t);
  const world = await sandbox.createWorld({
    clock: '2026-01-01',
    policies: {
      smartcar: { accessTokenFormat: 'jwt', accessTokenAlgorithm: 'RS256', accessTokenLifetimeSeconds: 60 },
    },
    clients: { planner: { dialect: 'smartcar', policy: { refreshTokenLifetimeSeconds: 3600 } } },
  });
  const { accessToken, expiresInSeconds } = await createGrantIn(world);
  const [header = ''] = accessToken.split('.');
  assert.deepEqual(
    (JSON.parse(Buffer.from(header, 'base64url').toString()) as { readonly alg: string }).alg,
    'RS256',
  );
  assert.equal(expiresInSeconds, 60);
  const { grant } = await createGrantIn(world, { client: 'planner' });
  const { body } = await call(sandbox.url, 'GET', `/worlds/${world.id}/grants/${grant}`);
  assert.equal(body['expiresAt'], '2026-01-01T01:00:00.000Z');
});

test('every known SDK gets the variables that it reads', async (t) => {
  const sandbox = await openSandbox(t);
  const world = await sandbox.createWorld({});
  const { body } = await call(sandbox.url, 'GET', `/worlds/${world.id}/environment`);
  const { clientId } = world.clients.find('smartcar') ?? {};
  const node = body['smartcar-node'] as Readonly<Record<string, string>>;
  assert.equal(node['SMARTCAR_AUTH_ORIGIN'], world.url);
  assert.equal(node['SMARTCAR_CLIENT_ID'], clientId);
  const python = body['smartcar-python'] as Readonly<Record<string, string>>;
  assert.equal(python['SMARTCAR_AUTH_ORIGIN'], `${world.url}/oauth/token`);
});

test('a client has the id and the secret that a program has built in', async (t) => {
  const sandbox = await openSandbox(t);
  const theirs = { clientId: 'built-in', clientSecret: 'known.to-all' };
  const clients = {
    app: { dialect: 'tesla', type: 'public', clientId: 'ownerapi' },
    theirs: { dialect: 'ping', ...theirs },
  } as const;
  const world = await sandbox.createWorld({ clients });
  const { refreshToken } = await createGrantIn(world, { client: 'app' });
  const answer = await fetch(`${world.url}/oauth2/v3/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'refresh_token',
      client_id: 'ownerapi',
      refresh_token: refreshToken,
    }),
  });
  assert.equal(answer.status, 200);
  const other = await createGrantIn(world, { client: 'theirs' });
  const refreshed = await fetch(`${world.url}/as/token.oauth2`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`${theirs.clientId}:${theirs.clientSecret}`)}` },
    body: new URLSearchParams({ grant_type: 'refresh_token', refresh_token: other.refreshToken }),
  });
  assert.equal(refreshed.status, 200);
});

test('an id that two clients have, a secret alone and a strange character are refused', async (t) => {
  const sandbox = await openSandbox(t);
  for (const [clients, reason] of [
    [{ a: { dialect: 'ping', clientId: 'x' }, b: { dialect: 'ping', clientId: 'x' } }, /has the id x/],
    [{ a: { dialect: 'ping', clientSecret: 'x' } }, /stands alone/],
    [{ a: { dialect: 'ping', clientId: 'a:b' } }, /letters, digits/],
  ] as const) {
    const { status, body } = await call(sandbox.url, 'POST', '/worlds', { clients });
    assert.equal(status, 400, JSON.stringify(body));
    assert.match(String(body['detail']), reason);
  }
});

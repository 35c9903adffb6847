import assert from 'node:assert/strict';
import { lookup } from 'node:dns/promises';
import { test } from 'node:test';
import { connect } from 'node:tls';
import { createGrantIn, judgeHeld, startScenario } from '@keyfob/sandbox';
import type { World } from '@keyfob/sandbox';
import { call, openSandbox } from './support.ts';
import type { ControlAnswer } from './support.ts';
import { basicOf, refresh, tokenOf } from './requests.ts';

const startByHttp = async (
  url: string,
  world: World,
  name: string,
  order: object = {},
): Promise<ControlAnswer> => call(url, 'POST', `/worlds/${world.id}/scenarios/${name}`, order);

test('a scenario is listed, started, shown and ended over HTTP', async (t) => {
  const { url, createWorld } = await openSandbox(t);
  const world = await createWorld({ clock: '2026-01-01' });
  const { body: list } = await call(url, 'GET', '/scenarios');
  const listed = list['scenarios'] as readonly Readonly<Record<string, unknown>>[];
  assert.ok(listed.length >= 39);
  assert.deepEqual(Object.keys(listed[0] ?? {}), [
    'name',
    'serverDoes',
    'clientDoes',
    'source',
    'committed',
    'dialects',
  ]);
  const started = await startByHttp(url, world, 'restored-server', { dialect: 'pleos' });
  assert.equal(started.status, 201);
  assert.equal(started.body['grant'], 'g1');
  assert.equal((started.body['client'] as { readonly name: string }).name, 'pleos');
  const path = `/worlds/${world.id}/scenarios`;
  assert.deepEqual((await call(url, 'GET', path)).body['scenarios'], [
    {
      name: 'restored-server',
      grant: 'g1',
      did: ['The state of the server was copied.'],
      willDo: ['Before request 2: the server is put back to its copy.'],
    },
  ]);
  assert.equal((await call(url, 'DELETE', `${path}/restored-server`)).status, 204);
  assert.deepEqual((await call(url, 'GET', path)).body['scenarios'], []);
  assert.equal((await call(url, 'DELETE', `${path}/restored-server`)).status, 404);
});

test('an ended scenario leaves no fault behind, and faults of others stay', async (t) => {
  const { url, createWorld } = await openSandbox(t);
  const world = await createWorld({ clock: '2026-01-01' });
  await startScenario(world, 'maintenance');
  await call(url, 'POST', `/worlds/${world.id}/faults`, { do: { tls: 'reset' } });
  await call(url, 'DELETE', `/worlds/${world.id}/scenarios/maintenance`);
  assert.deepEqual(
    world.faults.list().map(({ do: action }) => action),
    [{ tls: 'reset' }],
  );
});

test('an unknown scenario, client, grant or dialect is refused with what there is', async (t) => {
  const { url, createWorld } = await openSandbox(t);
  const world = await createWorld({ clock: '2026-01-01' });
  const cases = [
    ['lost-answer-aftr', {}, 404, /did you mean lost-answer-after\?/],
    ['race', { client: 'nobody' }, 400, /there is no client nobody/],
    ['race', { grant: 'g9' }, 404, /there is no grant g9/],
    ['race', { dialekt: 'pleos' }, 400, /unknown field dialekt, did you mean dialect\?/],
    ['race', { client: 'smartcar', dialect: 'pleos' }, 400, /smartcar speaks smartcar, not pleos/],
    ['expires-in-odd', { dialect: 'pleos' }, 400, /the dialect pleos has no scenario expires-in-odd/],
  ] as const;
  for (const [name, order, status, detail] of cases) {
    const refused = await startByHttp(url, world, name, order);
    assert.equal(refused.status, status);
    assert.match(String(refused.body['detail']), detail);
  }
  assert.deepEqual(world.running.list(), []);
  assert.deepEqual(world.grants.list(), [], 'a scenario that is refused makes nothing');
});

test('a scenario can be about a grant that there is, and touches no other', async (t) => {
  const { createWorld } = await openSandbox(t);
  const world = await createWorld({ clock: '2026-01-01' });
  const one = await createGrantIn(world, { subject: 'one' });
  const other = await createGrantIn(world, { subject: 'other' });
  const started = await startScenario(world, 'revoked-by-owner', { grant: one.grant });
  assert.deepEqual([started.grant, started.created], ['g1', []]);
  assert.equal(await refresh(world, one.refreshToken), 400);
  assert.ok(tokenOf(await refresh(world, other.refreshToken)));
  await assert.rejects(
    startScenario(world, 'consent-partly-withdrawn', { grant: other.grant }),
    /g2 covers 0 vehicles, and this scenario needs two/,
  );
});

test('of a consent that is partly withdrawn, one vehicle and the grant stay', async (t) => {
  const { createWorld } = await openSandbox(t);
  for (const dialect of ['smartcar', 'pleos']) {
    const world = await createWorld({ clock: '2026-01-01' });
    const { grant } = await startScenario(world, 'consent-partly-withdrawn', { dialect });
    const id = world.grants.find(grant);
    const left = id === undefined ? [] : await world.store.current().listVehicles(id);
    assert.deepEqual(
      left.map(({ vin }) => vin),
      ['KMHXX00XXXX000002'],
    );
  }
});

test('a mass revocation ends every grant of its client within a minute, and no other', async (t) => {
  const { createWorld } = await openSandbox(t);
  const world = await createWorld({ clock: '2026-01-01' });
  const bystander = await createGrantIn(world, { client: 'pleos' });
  const { created } = await startScenario(world, 'mass-revocation');
  assert.equal(created.length, 20);
  const held = await Promise.all(created.map(({ refreshToken }) => judgeHeld(world, refreshToken)));
  assert.ok(held.every(({ wouldBe }) => wouldBe === 'refuse'));
  assert.equal((await judgeHeld(world, bystander.refreshToken)).wouldBe, 'rotate');
  assert.ok(world.clock.now() - Date.UTC(2026, 0, 1) <= 60_000);
});

test('a client that follows the redirect shows in the journal what it gave away', async (t) => {
  const { createWorld } = await openSandbox(t);
  const world = await createWorld({ clock: '2026-01-01' });
  const { created } = await startScenario(world, 'redirect');
  const refreshToken = created[0]?.refreshToken ?? '';
  const answer = await fetch(`${world.url}/oauth/token`, {
    method: 'POST',
    headers: { authorization: basicOf(world, 'smartcar'), 'user-agent': 'trial/1' },
    body: new URLSearchParams({ grant_type: 'refresh_token', refresh_token: refreshToken }),
  });
  assert.equal(answer.status, 404);
  const leak = world.journal.read({}).requests.at(-1);
  assert.equal(leak?.path, '/elsewhere/oauth/token');
  assert.equal(leak?.token, 'g1/0', 'the token went to the other host');
});

/** How a TLS handshake with an address of a scenario ends. */
const handshake = (url: string, ca?: string): Promise<string> =>
  new Promise((resolve) => {
    const { hostname, port } = new URL(url);
    const socket = connect({
      host: hostname,
      port: Number(port),
      servername: hostname,
      ...(ca === undefined ? {} : { ca }),
    });
    socket.on('secureConnect', () => resolve('secure'));
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  });

test('the other address of tls-expired fails for its expiry alone, where the client trusts the certificate', async (t) => {
  const { createWorld } = await openSandbox(t);
  const world = await createWorld({ clock: '2026-01-01' });
  const { url, certificate } = await startScenario(world, 'tls-expired');
  assert.equal(await handshake(url, certificate), 'CERT_HAS_EXPIRED');
  assert.deepEqual(world.journal.read({}).requests, []);
});

test('the other address of tls-reset breaks off in the handshake, until the scenario ends', async (t) => {
  const sandbox = await openSandbox(t);
  const world = await sandbox.createWorld({ clock: '2026-01-01' });
  const { url } = await startScenario(world, 'tls-reset');
  assert.equal(await handshake(url), 'ECONNRESET');
  await call(sandbox.url, 'DELETE', `/worlds/${world.id}/scenarios/tls-reset`);
  assert.equal(await handshake(url), 'ECONNREFUSED');
});

test('the name of dns does not exist', async (t) => {
  const { createWorld } = await openSandbox(t);
  const world = await createWorld({ clock: '2026-01-01' });
  const { url } = await startScenario(world, 'dns');
  await assert.rejects(lookup(new URL(url).hostname), /ENOTFOUND|EAI_AGAIN/);
});

test('a device flow is answered from a script: pending, slow down, 403 while pending, expired', async (t) => {
  const { createWorld } = await openSandbox(t);
  const world = await createWorld({ clock: '2026-01-01' });
  await startScenario(world, 'device-not-yet');
  const post = async (
    path: string,
    fields: Readonly<Record<string, string>>,
  ): Promise<Readonly<Record<string, unknown>>> => {
    const response = await fetch(`${world.url}${path}`, {
      method: 'POST',
      headers: { authorization: basicOf(world, 'smartcar'), 'user-agent': 'trial/1' },
      body: new URLSearchParams(fields),
    });
    return { status: response.status, ...((await response.json()) as object) };
  };
  const begun = await post('/oauth/device_authorization', { scope: 'read_odometer' });
  assert.equal(begun['device_code'], 'sandbox-device-code');
  const poll = async (): Promise<readonly unknown[]> => {
    const { status, error } = await post('/oauth/token', {
      grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
      device_code: String(begun['device_code']),
    });
    return [status, error];
  };
  const seen = [await poll(), await poll(), await poll(), await poll(), await poll()];
  assert.deepEqual(seen, [
    [400, 'authorization_pending'],
    [400, 'slow_down'],
    [403, 'authorization_pending'],
    [400, 'expired_token'],
    [400, 'expired_token'],
  ]);
});

test('every entry of the journal is free of the tokens and secrets of a scenario', async (t) => {
  const { createWorld } = await openSandbox(t);
  const world = await createWorld({ clock: '2026-01-01' });
  const { created, client, secretBefore = '', did } = await startScenario(world, 'secret-rolled');
  const token = created[0]?.refreshToken ?? '';
  await refresh(world, token);
  const text = JSON.stringify([
    world.journal.read({}).requests,
    did,
    world.running.list(),
    world.faults.list(),
  ]);
  for (const secret of [token, created[0]?.accessToken ?? '', client.clientSecret, secretBefore])
    assert.ok(secret !== '' && !text.includes(secret));
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { advanceClock, createGrantIn, judgeHeld } from '@keyfob/sandbox';
import type { World } from '@keyfob/sandbox';
import { call, openSandbox } from './support.ts';
import { refresh, tokenOf } from './requests.ts';

const post = (world: World, path: string, body: unknown = {}) => {
  const { origin } = new URL(world.url);
  return call(origin, 'POST', `/worlds/${world.id}${path}`, body);
};

/** What presenting a token would be. */
const wouldBe = async (world: World, token: string): Promise<string> =>
  (await judgeHeld(world, token)).wouldBe;

describe('Holds says what presenting a token then really is', () => {
  for (const client of ['smartcar', 'smartcar-strict', 'pleos', 'pleos-overlap'] as const)
    test(client, async (t) => {
      const sandbox = await openSandbox(t);
      const world = await sandbox.createWorld({ clock: '2026-01-01' });
      const { refreshToken: first } = await createGrantIn(world, { client });
      assert.equal(await wouldBe(world, first), 'rotate');
      const second = tokenOf(await refresh(world, first, client));
      assert.equal((await judgeHeld(world, second)).isCurrent, true);
      const said = await judgeHeld(world, first);
      assert.equal(said.isCurrent, false);
      await refresh(world, first, client);
      assert.equal(world.journal.read({ stage: 'ended' }).requests.at(-1)?.verdict, said.wouldBe);
      await advanceClock(world, { byMs: 71_000 });
      const later = await judgeHeld(world, first);
      assert.equal(later.wouldBe, 'replay');
      assert.equal(await refresh(world, first, client), 400);
      assert.equal(world.journal.read({ stage: 'ended' }).requests.at(-1)?.verdict, 'replay');
      assert.equal(await wouldBe(world, second), 'refuse', 'the replay has ended the grant');
    });

  test('nothing changes by asking', async (t) => {
    const sandbox = await openSandbox(t);
    const world = await sandbox.createWorld({ clock: '2026-01-01' });
    const { refreshToken } = await createGrantIn(world, { client: 'pleos' });
    await refresh(world, refreshToken, 'pleos');
    await advanceClock(world, { byMs: 3_600_000 });
    for (let asked = 0; asked < 3; asked++) assert.equal(await wouldBe(world, refreshToken), 'replay');
    const { body } = await call(sandbox.url, 'GET', `/worlds/${world.id}/grants/g1`);
    assert.equal(body['status'], 'active');
  });

  test('an access token is accepted until its end', async (t) => {
    const sandbox = await openSandbox(t);
    const world = await sandbox.createWorld({ clock: '2026-01-01' });
    for (const client of ['smartcar', 'smartcar-jwt', 'pleos', 'oauth']) {
      const { accessToken } = await createGrantIn(world, { client });
      const held = await judgeHeld(world, accessToken);
      assert.deepEqual([held.kind, held.wouldBe], ['access_token', 'accept'], client);
    }
    await advanceClock(world, { byMs: 7_200_000 });
    const { accessToken } = await createGrantIn(world, { age: 'PT2H' });
    assert.equal((await judgeHeld(world, accessToken)).wouldBe, 'refuse');
  });
});

const open = async (t: Parameters<typeof openSandbox>[0]) => {
  const sandbox = await openSandbox(t);
  const world = await sandbox.createWorld({ clock: '2026-01-01' });
  const created = await createGrantIn(world, { vehicles: ['KMHKM81A0RU104217', '5YJ3E1EA1PF402935'] });
  return { sandbox, world, ...created };
};
const vehiclesWith = async (world: World, accessToken: string): Promise<number> =>
  (await fetch(`${world.url}/v2.0/vehicles`, { headers: { authorization: `Bearer ${accessToken}` } })).status;

describe('A grant is changed by a verb', () => {
  test('revoke ends it, and reinstate undoes that', async (t) => {
    const { world, refreshToken, accessToken } = await open(t);
    assert.equal(await vehiclesWith(world, accessToken), 200);
    const { body } = await post(world, '/grants/g1/revoke', { by: 'operator' });
    assert.equal(body['status'], 'revoked');
    assert.equal(await vehiclesWith(world, accessToken), 401);
    assert.equal(await refresh(world, refreshToken), 400);
    assert.equal((await post(world, '/grants/g1/revoke', { by: 'operator' })).status, 409);
    assert.equal((await post(world, '/grants/g1/reinstate')).body['status'], 'active');
    assert.ok(typeof (await refresh(world, refreshToken)) !== 'number');
  });

  test('what the owner ends, no operator can undo', async (t) => {
    const { world, refreshToken } = await open(t);
    await post(world, '/grants/g1/revoke', { by: 'owner' });
    assert.equal((await post(world, '/grants/g1/reinstate')).status, 409);
    assert.equal(await refresh(world, refreshToken), 400);
  });

  test('withdraw takes one vehicle; the token stays alive until the last is gone', async (t) => {
    const { world, refreshToken } = await open(t);
    const { body } = await post(world, '/grants/g1/withdraw', { vin: 'KMHKM81A0RU104217' });
    assert.equal(body['status'], 'active');
    assert.equal((body['vehicles'] as readonly unknown[]).length, 1);
    assert.equal(await wouldBe(world, refreshToken), 'rotate');
    assert.equal((await post(world, '/grants/g1/withdraw', { vin: 'KMHKM81A0RU104217' })).status, 404);
    await post(world, '/grants/g1/withdraw', { vin: '5YJ3E1EA1PF402935' });
    assert.equal(await wouldBe(world, refreshToken), 'refuse');
  });

  test('expire ends the refresh token of one grant only', async (t) => {
    const { world, refreshToken } = await open(t);
    const other = await createGrantIn(world, { subject: 'owner-2' });
    assert.equal((await post(world, '/grants/g1/expire')).body['status'], 'expired');
    assert.equal(await refresh(world, refreshToken), 400);
    assert.equal(world.journal.read({ stage: 'ended' }).requests.at(-1)?.because, 'expired');
    assert.ok(typeof (await refresh(world, other.refreshToken)) !== 'number');
  });

  test('expire of access tokens leaves the refresh token, and newer access tokens work', async (t) => {
    const { world, refreshToken, accessToken } = await open(t);
    const { accessToken: jwt } = await createGrantIn(world, { client: 'smartcar-jwt' });
    await post(world, '/grants/g1/expire', { what: 'access' });
    await post(world, '/grants/g2/expire', { what: 'access' });
    assert.equal(await vehiclesWith(world, accessToken), 401);
    assert.equal(await vehiclesWith(world, jwt), 401);
    await advanceClock(world, { byMs: 1000 });
    const pair = await refresh(world, refreshToken);
    assert.ok(typeof pair !== 'number');
    assert.equal(await vehiclesWith(world, pair.accessToken), 200);
  });

  for (const client of ['smartcar', 'pleos', 'oauth'])
    test(`rotate is a thief with the current token (${client})`, async (t) => {
      const sandbox = await openSandbox(t);
      const world = await sandbox.createWorld({ clock: '2026-01-01' });
      const { refreshToken, grant } = await createGrantIn(world, { client });
      const { status, body } = await post(world, `/grants/${grant}/rotate`);
      assert.equal(status, 200);
      assert.equal(body['generation'], 1);
      assert.equal((await judgeHeld(world, String(body['refreshToken']))).isCurrent, true);
      assert.equal((await judgeHeld(world, refreshToken)).isCurrent, false);
    });

  test('a rolled secret works, and the old one as long as they overlap', async (t) => {
    const { world, refreshToken } = await open(t);
    const before = world.clients.find('smartcar');
    assert.ok(before !== undefined);
    await post(world, '/clients/smartcar/roll-secret', { overlapSeconds: 60 });
    const second = tokenOf(await refresh(world, refreshToken));
    const use = async (clientSecret: string): Promise<number> => {
      const { status } = await fetch(`${world.url}/oauth/token`, {
        method: 'POST',
        headers: {
          authorization: `Basic ${btoa(`${before.clientId}:${clientSecret}`)}`,
          'content-type': 'application/x-www-form-urlencoded',
          'user-agent': 'trial/1',
        },
        body: `grant_type=refresh_token&refresh_token=${second}`,
      });
      return status;
    };
    assert.equal(await use(before.clientSecret), 200);
    const { happened } = await advanceClock(world, { byMs: 60_000 });
    assert.ok(happened.some(({ kind }) => kind === 'secret_expired'));
    assert.equal(await use(before.clientSecret), 401);
    await post(world, '/clients/smartcar/roll-secret');
    assert.equal(await use(before.clientSecret), 401);
  });
});

test('a server that was put back to an earlier state goes on from the newer token', async (t) => {
  const sandbox = await openSandbox(t);
  const world = await sandbox.createWorld({ clock: '2026-01-01' });
  let { refreshToken: token } = await createGrantIn(world, { client: 'pleos' });
  const { body } = await post(world, '/checkpoints');
  for (let times = 0; times < 3; times++) token = tokenOf(await refresh(world, token, 'pleos'));
  assert.equal((await post(world, `/checkpoints/${String(body['checkpoint'])}/restore`)).status, 200);
  assert.equal(await wouldBe(world, token), 'resync');
  assert.ok(typeof (await refresh(world, token, 'pleos')) !== 'number');
  const last = world.journal.read({ stage: 'ended' }).requests.at(-1);
  assert.deepEqual([last?.verdict, last?.answer?.refreshToken], ['resync', 'g1/4']);
  assert.equal((await post(world, '/checkpoints/9/restore')).status, 404);
});

test('a reset gives the same world again, at the beginning of its clock', async (t) => {
  const sandbox = await openSandbox(t);
  const world = await sandbox.createWorld({});
  const begin = world.clock.now();
  const { refreshToken } = await createGrantIn(world);
  await advanceClock(world, { byMs: 86_400_000 });
  await post(world, '/faults', { do: { status: 500 } });
  const { body } = await post(world, '/reset');
  assert.equal((body['clock'] as { readonly nowMs: number }).nowMs, begin);
  const again = sandbox.worlds.find(world.id);
  assert.ok(again !== undefined);
  assert.deepEqual(again.clients.list(), world.clients.list());
  assert.deepEqual([again.faults.list(), again.journal.read({}).requests, again.grants.list()], [[], [], []]);
  assert.equal((await createGrantIn(again)).refreshToken, refreshToken);
});

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { memoryStore, openKeeper, parseKeys, smartcar } from '@keyfob/keeper';
import { startSandbox } from '@keyfob/sandbox/testing';
import { createApp } from '../src/app.js';

const sandbox = await startSandbox();
after(() => sandbox.close());
const ORIGIN = 'http://localhost:3000';

/** The application on a world whose owners consent at once, and the browser of one owner. */
const open = async (t) => {
  const world = await sandbox.world({ autoConsent: true });
  const { clientId, clientSecret } = world.client('smartcar');
  const keeper = await openKeeper({
    store: memoryStore(),
    keys: parseKeys([Buffer.alloc(32, 1).toString('base64url')]),
    clients: { sc: smartcar({ clientId, clientSecret, origin: world.url }) },
  });
  t.after(() => keeper.close());
  const app = createApp(keeper, { origin: ORIGIN, api: world.url });
  let cookies = 'car=car-1';
  const visit = async (path) => {
    const response = await app.request(`${ORIGIN}${path}`, { headers: { cookie: cookies } });
    for (const line of response.headers.getSetCookie()) cookies += `; ${line.split(';')[0]}`;
    return response;
  };
  const connect = async () => {
    const begun = await visit('/start');
    const back = await fetch(begun.headers.get('location'), { redirect: 'manual' });
    const { pathname, search } = new URL(back.headers.get('location'));
    return visit(pathname + search);
  };
  return { world, keeper, visit, connect };
};

test('an owner connects a car, and sees its vehicles', async (t) => {
  const { visit, connect } = await open(t);
  const before = await visit('/vehicles');
  assert.equal(before.status, 409, 'the owner is not asked to connect the car');
  assert.deepEqual(await before.json(), { connect: '/start', cause: 'not_connected' });
  const done = await connect();
  assert.equal(done.headers.get('location'), `${ORIGIN}/vehicles`);
  const { vehicles } = await (await visit('/vehicles')).json();
  assert.ok(vehicles.length > 0);
});

test('an access token that has ended is replaced, although the answer with the next one is lost', async (t) => {
  const { world, visit, connect } = await open(t);
  await connect();
  await world.clock.advance('PT3H');
  await world.faults.arm({ do: { loseAnswer: 'afterCommit' }, on: { endpoint: 'token' } });
  assert.equal((await visit('/vehicles')).status, 200);
});

test('in an outage the car stays connected, and the answer says when to come back', async (t) => {
  const { world, visit, connect } = await open(t);
  await connect();
  await world.clock.advance('PT3H');
  const outage = { status: 503, headers: { 'retry-after': '60' } };
  await world.faults.arm({ do: outage, on: { endpoint: 'token' } });
  const response = await visit('/vehicles');
  assert.equal(response.status, 503);
  assert.ok(Number(response.headers.get('retry-after')) > 1);
});

test('an owner who removes the app is asked again, and comes back', async (t) => {
  const { world, visit, connect } = await open(t);
  await connect();
  const [grant] = await world.grants();
  await fetch(`${sandbox.url}/_sandbox/worlds/${world.id}/grants/${grant.grant}/revoke`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{}',
  });
  const refused = await visit('/vehicles');
  assert.deepEqual(await refused.json(), { connect: '/start', cause: 'revoked' });
  await connect();
  assert.equal((await visit('/vehicles')).status, 200);
});

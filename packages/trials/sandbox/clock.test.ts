import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import test from 'node:test';
import type { TestContext } from 'node:test';
import { advanceClock, createGrantIn, judgeHeld } from '@keyfob/sandbox';
import type { World } from '@keyfob/sandbox';
import { call, openSandbox } from './support.ts';
import { refresh, tokenOf } from './requests.ts';

const DAY = 86_400_000;
const at = (world: World): string => new Date(world.clock.now()).toISOString();

/** Receives webhooks: answers with these statuses in turn, then the last one each time. */
const openReceiver = async (
  t: TestContext,
  statuses: readonly number[],
): Promise<{ readonly url: string; readonly timestamps: string[] }> => {
  const timestamps: string[] = [];
  const server = createServer((request, response) => {
    const seconds = Number(request.headers['webhook-timestamp']);
    timestamps.push(new Date(seconds * 1000).toISOString());
    response.writeHead(statuses[timestamps.length - 1] ?? statuses.at(-1) ?? 200).end();
    request.resume();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.closeAllConnections());
  t.after(() => server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, timestamps };
};

test('a frozen clock stands still, and moves by a duration or to a moment, forward only', async (t) => {
  const { url } = await openSandbox(t);
  const { body: world } = await call(url, 'POST', '/worlds', { clock: '2026-01-01' });
  const path = `/worlds/${String(world['id'])}/clock`;
  assert.equal(
    (await call(url, 'POST', `${path}/advance`, { by: 'P59DT23H' })).body['now'],
    '2026-03-01T23:00:00.000Z',
  );
  assert.equal(
    (await call(url, 'POST', `${path}/advance`, { to: '2026-04-01' })).body['now'],
    '2026-04-01T00:00:00.000Z',
  );
  const back = await call(url, 'POST', `${path}/advance`, { to: '2026-03-01' });
  assert.equal(back.status, 409);
  assert.match(String(back.body['detail']), /does not go back/);
  assert.equal((await call(url, 'POST', `${path}/advance`, { by: 'P1M' })).status, 400);
  assert.equal((await call(url, 'POST', `${path}/advance`, {})).status, 400);
});

test('a move lists what happened on the way, in order and at its own moment', async (t) => {
  const sandbox = await openSandbox(t);
  const world = await sandbox.createWorld({ clock: '2026-01-01' });
  const { refreshToken } = await createGrantIn(world);
  await refresh(world, refreshToken);
  const { happened } = await advanceClock(world, { byMs: 61 * DAY });
  assert.deepEqual(
    happened.map(({ atMs, kind }) => [new Date(atMs).toISOString(), kind]),
    [
      ['2026-01-01T00:01:00.000Z', 'overlap_ended'],
      ['2026-01-01T02:00:00.000Z', 'access_token_expired'],
      ['2026-03-02T00:00:00.000Z', 'refresh_token_expired'],
    ],
  );
});

test('moves that are asked for at once add up', async (t) => {
  const sandbox = await openSandbox(t);
  const world = await sandbox.createWorld({ clock: '2026-01-01' });
  await Promise.all(Array.from({ length: 10 }, () => advanceClock(world, { byMs: DAY })));
  assert.equal(at(world), '2026-01-11T00:00:00.000Z');
});

test('webhooks are sent while the clock moves, with their retries at their own moments', async (t) => {
  const sandbox = await openSandbox(t);
  const world = await sandbox.createWorld({ clock: '2026-01-01' });
  const receiver = await openReceiver(t, [500, 500, 200]);
  await call(sandbox.url, 'POST', `/worlds/${world.id}/webhooks`, {
    url: receiver.url,
  });
  await createGrantIn(world);
  const { happened } = await advanceClock(world, { byMs: DAY });
  assert.equal(receiver.timestamps.length, 3);
  assert.equal(receiver.timestamps[0], '2026-01-01T00:00:00.000Z');
  const [, second = '', third = ''] = receiver.timestamps;
  assert.ok(second > '2026-01-01T00:00:03' && second < '2026-01-01T00:00:07', second);
  assert.ok(third > '2026-01-01T00:00:14' && third < '2026-01-01T00:00:26', third);
  assert.equal(happened.filter(({ kind }) => kind === 'webhook_delivered').length, 1);
  assert.equal(at(world), '2026-01-02T00:00:00.000Z');
});

test('seventy years ahead in one step: a webhook that never succeeds is given up on the way', async (t) => {
  const sandbox = await openSandbox(t);
  const world = await sandbox.createWorld({ clock: '2026-01-01' });
  const receiver = await openReceiver(t, [503]);
  await call(sandbox.url, 'POST', `/worlds/${world.id}/webhooks`, {
    url: receiver.url,
  });
  const { refreshToken } = await createGrantIn(world);
  const { happened } = await advanceClock(world, { toMs: Date.UTC(2096, 0, 1) });
  assert.equal(at(world), '2096-01-01T00:00:00.000Z');
  assert.equal(happened.filter(({ kind }) => kind === 'webhook_given_up').length, 1);
  assert.equal(receiver.timestamps.length, 20);
  assert.equal(await refresh(world, refreshToken), 400);
  const { refreshToken: young } = await createGrantIn(world, { subject: 'owner-2' });
  assert.ok(typeof (await refresh(world, young)) !== 'number', 'new tokens work there');
});

test('a grant that is 59 days old expires tomorrow', async (t) => {
  const sandbox = await openSandbox(t);
  const world = await sandbox.createWorld({ clock: '2026-03-01' });
  const { refreshToken } = await createGrantIn(world, { age: 'P59D' });
  const held = await judgeHeld(world, refreshToken);
  assert.equal(held.wouldBe, 'rotate');
  assert.equal(new Date(held.untilMs ?? 0).toISOString(), '2026-03-02T00:00:00.000Z');
  await advanceClock(world, { byMs: DAY });
  assert.equal((await judgeHeld(world, refreshToken)).wouldBe, 'refuse');
  assert.equal(await refresh(world, refreshToken), 400);
});

test('the clock of the server may be wrong: its Date is, and lifetimes are not', async (t) => {
  const sandbox = await openSandbox(t);
  const world = await sandbox.createWorld({ clock: { now: '2026-01-01', skewSeconds: 300 } });
  const response = await fetch(`${world.url}/openapi.json`);
  assert.equal(response.headers.get('date'), 'Thu, 01 Jan 2026 00:05:00 GMT');
  const { refreshToken } = await createGrantIn(world);
  const { untilMs = 0 } = await judgeHeld(world, refreshToken);
  assert.equal(new Date(untilMs).toISOString(), '2026-03-02T00:00:00.000Z');
  const { accessToken } = await createGrantIn(world, { client: 'smartcar-jwt', subject: 'owner-2' });
  const { iat } = JSON.parse(Buffer.from(accessToken.split('.')[1] ?? '', 'base64url').toString()) as {
    readonly iat: number;
  };
  assert.equal(new Date(iat * 1000).toISOString(), '2026-01-01T00:05:00.000Z');
});

test('a running clock goes on by its rate, and from where it was moved', async (t) => {
  const sandbox = await openSandbox(t);
  const world = await sandbox.createWorld({ clock: { now: '2026-01-01', mode: 'running', rate: 100_000 } });
  const { refreshToken } = await createGrantIn(world);
  await world.clock.reach(Date.UTC(2026, 0, 2));
  assert.ok(world.clock.now() >= Date.UTC(2026, 0, 2));
  await advanceClock(world, { toMs: Date.UTC(2027, 0, 1) });
  await world.clock.reach(Date.UTC(2027, 0, 1) + 1000);
  assert.equal((await judgeHeld(world, refreshToken)).wouldBe, 'refuse');
});

test('an answer that waits for the clock leaves when somebody moves it', async (t) => {
  const sandbox = await openSandbox(t);
  const world = await sandbox.createWorld({ clock: '2026-01-01' });
  const { refreshToken } = await createGrantIn(world);
  await call(sandbox.url, 'POST', `/worlds/${world.id}/faults`, {
    do: { delaySeconds: 61, movesClock: false },
  });
  const answer = refresh(world, refreshToken);
  await world.journal.wait({ stage: 'committed', waitMs: 5000 });
  await world.clock.reach(Date.UTC(2026, 0, 1));
  while (world.clock.nextWait() === undefined) await new Promise((resolve) => setImmediate(resolve));
  const { happened } = await advanceClock(world, { byMs: 3_600_000 });
  assert.ok(happened.some(({ kind }) => kind === 'answer_released'));
  assert.notEqual(tokenOf(await answer), refreshToken);
});

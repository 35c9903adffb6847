import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mock, test } from 'node:test';
import { startSandboxServer } from '@keyfob/sandbox';
import { connectSandbox, startSandbox } from '@keyfob/sandbox/testing';
import { createSubject } from './code-under-test.ts';
import { problemOf, sandboxForFile } from './support.ts';

const sandbox = await sandboxForFile();

test('a world begins at its moment, has the clients and variables of SDKs, and is gone after its block', async () => {
  let url: string;
  {
    await using world = await sandbox.world({ clock: '2026-01-01' });
    ({ url } = world);
    assert.equal(world.clock.nowMs, Date.parse('2026-01-01'));
    const { clientId, clientSecret } = world.client('smartcar');
    assert.deepEqual(world.environment('smartcar-node'), {
      SMARTCAR_AUTH_ORIGIN: url,
      SMARTCAR_API_ORIGIN: url,
      SMARTCAR_CLIENT_ID: clientId,
      SMARTCAR_CLIENT_SECRET: clientSecret,
      SMARTCAR_REDIRECT_URI: 'http://localhost/callback',
    });
    assert.deepEqual(await world.requests(), []);
  }
  const answer = await fetch(`${url}/oauth/token`, { method: 'POST' });
  assert.equal(answer.status, 404);
});

test('the clock takes lengths and moments, and says what happened', async () => {
  await using world = await sandbox.world({ clock: { now: new Date('2026-01-01T00:00:00Z') } });
  const grant = await world.grant();
  const { now, happened } = await world.clock.advance({ days: 59, hours: 23 });
  assert.equal(now, '2026-03-01T23:00:00.000Z');
  assert.ok(happened.some(({ kind, grant: name }) => kind === 'access_token_expired' && name === grant.name));
  await world.clock.advance('PT1H');
  await world.clock.advanceTo(Date.parse('2026-06-01'));
  assert.equal(world.clock.nowMs, Date.parse('2026-06-01'));
  assert.equal((await grant.read()).status, 'expired');
  assert.equal((await problemOf(world.clock.advanceTo('2026-01-01'))).code, 'clock_backwards');
});

test('a length or a moment that is none is refused with its remedy', async () => {
  await using world = await sandbox.world();
  const advance = async (by: unknown): Promise<string> =>
    (await problemOf(world.clock.advance(by as string))).message;
  assert.equal(
    await advance({ day: 1 }),
    "This is no duration: day is not a unit of time. Give for example { days: 59, hours: 23 } or 'P59DT23H'.",
  );
  assert.match(await advance({ days: -1 }), /it is negative/);
  assert.match(await advance({ days: Number.NaN }), /days is not a number/);
  assert.match(await advance({}), /it has no member/);
  assert.match(await advance('59 days'), /must be a duration such as P59DT23H/);
  assert.match((await problemOf(world.clock.advanceTo(new Date('x')))).message, /This is no moment/);
});

test('a grant is of any age, and everything can happen to it', async () => {
  await using world = await sandbox.world();
  const grant = await world.grant({ client: 'pleos', age: { days: 59 }, vehicles: ['KMHL14JA5PA000001'] });
  assert.equal(grant.dialect, 'pleos');
  assert.ok(grant.expiresInSeconds < 0);
  const { revoked } = await grant.revoke('operator');
  assert.equal(revoked?.cause, 'operator');
  assert.equal((await grant.reinstate()).status, 'active');
  const stolen = await grant.rotate();
  assert.equal((await world.holds(stolen.refreshToken)).current, true);
  assert.equal((await world.holds(grant.refreshToken)).current, false);
  assert.equal((await grant.expire()).status, 'expired');
  assert.equal((await world.grants()).length, 1);
});

test('requests are awaited, by grant and from a number on', async () => {
  await using world = await sandbox.world();
  const [one, other] = [await world.grant(), await world.grant()];
  const [first, second] = [createSubject(world, one), createSubject(world, other)];
  const waiting = world.requests({ endpoint: 'token', count: 2 });
  await Promise.all([first.refresh(), second.refresh()]);
  assert.equal((await waiting).length, 2);
  await first.refresh();
  const later = await world.requests({ grant: one, after: 2, count: 1 });
  assert.deepEqual(
    later.map(({ number, token, verdict, answer }) => [number, token, verdict, answer?.refreshToken]),
    [[3, 'g1/1', 'rotate', 'g1/2']],
  );
});

test('requests that do not come are reported with those that came', async () => {
  await using world = await sandbox.world();
  await createSubject(world, await world.grant()).refresh();
  const { code, message } = await problemOf(world.requests({ count: 2, timeoutSeconds: 0.05 }));
  assert.equal(code, 'timeout');
  assert.match(
    message,
    /^1 of 2 requests came in 0\.05 seconds\n\nRequests:\n {2}#1 .* refresh g1\/0: rotate, committed; answered 200 with g1\/1/,
  );
});

test('a checkpoint is a stale server, a reset is a new beginning, and a rolled secret is known', async () => {
  await using world = await sandbox.world({ clock: '2026-01-01' });
  const grant = await world.grant();
  const code = createSubject(world, grant);
  const checkpoint = await world.checkpoint();
  await code.refresh();
  await checkpoint.restore();
  assert.equal((await grant.read()).generation, 0);
  const before = world.client('smartcar').clientSecret;
  const rolled = await world.rollSecret('smartcar', { overlapSeconds: 60 });
  assert.notEqual(rolled.clientSecret, before);
  assert.equal(world.client('smartcar').clientSecret, rolled.clientSecret);
  assert.equal(world.environment('smartcar-node')['SMARTCAR_CLIENT_SECRET'], rolled.clientSecret);
  await world.clock.advance({ days: 1 });
  await world.reset();
  assert.equal(world.clock.nowMs, Date.parse('2026-01-01'));
  assert.equal(world.client('smartcar').clientSecret, before);
  assert.deepEqual(await world.grants(), []);
});

test('names that do not exist are refused with those that do', async () => {
  await using world = await sandbox.world();
  assert.throws(() => world.client('smartcat'), /has no client "smartcat"\. It has smartcar, pleos, /);
  assert.throws(() => world.environment('toString'), /has no SDK "toString"\. It has smartcar-node, /);
  const problem = await problemOf(sandbox.world({ autoconsent: true } as object));
  assert.match(problem.message, /unknown field autoconsent, did you mean autoConsent\?/);
  assert.match((await problemOf(world.faults.loseAnswer({} as never))).message, /Give after: 'commit'/);
});

test('the server answers while this thread is blocked, and with timers, Date and fetch replaced', async (t) => {
  await using world = await sandbox.world({ clock: '2026-01-01' });
  const grant = await world.grant();
  const { SMARTCAR_CLIENT_ID: id, SMARTCAR_CLIENT_SECRET: secret } = world.environment('smartcar-node');
  const printed = execFileSync('curl', [
    '--silent',
    '--user',
    `${id}:${secret}`,
    '--data',
    `grant_type=refresh_token&refresh_token=${grant.refreshToken}`,
    `${world.url}/oauth/token`,
  ]);
  assert.match(printed.toString(), /"refresh_token"/);
  t.mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'setImmediate', 'Date'], now: 0 });
  mock.method(globalThis, 'fetch', () => Promise.reject(new Error('no network in tests')));
  t.after(() => mock.restoreAll());
  assert.equal((await world.requests({ count: 1 })).length, 1);
  await world.clock.advance({ days: 1 });
  assert.equal(world.clock.nowMs, Date.parse('2026-01-02'));
});

test('a running clock is known without asking', async () => {
  await using world = await sandbox.world({ clock: { mode: 'running', rate: 86_400 } });
  const { nowMs } = await world.clock.read();
  while (world.clock.nowMs < nowMs + 60_000) await new Promise((resolve) => setImmediate(resolve));
  const { mode } = await world.clock.change({ mode: 'frozen', skewSeconds: 90 });
  assert.equal(mode, 'frozen');
  assert.equal(world.clock.nowMs, (await world.clock.read()).nowMs);
});

test('a sandbox that runs elsewhere is used in the same way, and is left running', async (t) => {
  const running = await startSandboxServer();
  t.after(() => running.close());
  {
    await using elsewhere = await connectSandbox(`${running.url}/`);
    await using world = await elsewhere.world();
    assert.equal(await createSubject(world, await world.grant()).refresh(), 200);
    assert.equal(running.worlds.list().length, 2);
    const root = await elsewhere.findWorld();
    await root.close();
  }
  assert.deepEqual(
    running.worlds.list().map(({ id }) => id),
    ['default'],
  );
});

test('what is no sandbox, or does not answer, is named with its remedy', async (t) => {
  const running = await startSandboxServer();
  t.after(() => running.close());
  assert.match((await problemOf(connectSandbox('sandbox'))).message, /"sandbox" is not the URL of a sandbox/);
  assert.equal((await problemOf(connectSandbox(`${running.url}/elsewhere`))).code, 'not_a_sandbox');
  const ended = await startSandbox();
  await ended.close();
  const { code, message } = await problemOf(ended.world());
  assert.equal(code, 'unreachable');
  assert.match(message, /No sandbox answers at .*Start one with "keyfob-sandbox"/);
  const port = Number(new URL(running.url).port);
  const taken = await problemOf(startSandbox({ port }));
  assert.match(taken.message, /cannot listen on 127\.0\.0\.1 port .*--port 0 picks a free one/);
});

test('a world may be closed twice, and after its sandbox', async () => {
  const own = await startSandbox();
  const world = await own.world();
  await world.close();
  await world.close();
  const left = await own.world();
  await own.close();
  await own.close();
  await left.close();
});

test('a scenario is started by its name, and an unknown one is refused', async () => {
  await using world = await sandbox.world();
  const { url, grant, grants } = await world.scenario('lost-answer-after');
  assert.equal(url, world.url);
  assert.equal(grants[0]?.grant, grant);
  assert.equal((await world.faults.list()).length, 1);
  assert.equal((await problemOf(world.scenario('no-such-scenario'))).code, 'not_found');
});

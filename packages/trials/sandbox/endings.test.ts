import assert from 'node:assert/strict';
import test from 'node:test';
import { createGrantIn } from '@keyfob/sandbox';
import type { NewFault, Sandbox, World } from '@keyfob/sandbox';
import { sendRaw, writeRequest } from '../support/raw-request.ts';
import { refresh } from './requests.ts';
import { call, openSandbox } from './support.ts';

/** Resolves when a request to a world has come as far as the seam at which it is held. */
const untilHeld = async (world: World): Promise<void> => {
  await world.journal.wait({ endpoint: 'token', waitMs: 10_000 });
};

const HELD: readonly NewFault['do'][] = [
  { loseAnswer: 'afterCommit', how: 'hang' },
  { loseAnswer: 'beforeCommit', how: 'hang' },
  { delaySeconds: 60, movesClock: false },
  { delayMilliseconds: 600_000 },
  { delayMilliseconds: 600_000, of: 'request' },
];

const ENDS: readonly (readonly [string, (sandbox: Sandbox, world: World) => Promise<unknown>])[] = [
  ['removed', ({ url }, { id }) => call(url, 'DELETE', `/worlds/${id}`)],
  ['reset', ({ url }, { id }) => call(url, 'POST', `/worlds/${id}/reset`)],
];

for (const [ending, end] of ENDS)
  test(`a request that is held when its world is ${ending} ends with its connection`, async (t) => {
    const sandbox = await openSandbox(t);
    for (const held of HELD) {
      const world = await sandbox.createWorld({ clock: '2026-01-01' });
      const { refreshToken } = await createGrantIn(world);
      await call(sandbox.url, 'POST', `/worlds/${world.id}/faults`, { do: held });
      const answered = refresh(world, refreshToken);
      answered.catch(() => {});
      await untilHeld(world);
      await end(sandbox, world);
      await assert.rejects(answered, JSON.stringify(held));
    }
  });

test('resets of one world at once, and its removal among them, leave no world behind', async (t) => {
  const sandbox = await openSandbox(t);
  const world = await sandbox.createWorld({ port: true, clock: '2026-01-01' });
  const path = `/worlds/${world.id}`;
  const resets = await Promise.all(
    Array.from({ length: 4 }, () => call(sandbox.url, 'POST', `${path}/reset`)),
  );
  assert.deepEqual(
    resets.map(({ status }) => status),
    [200, 200, 200, 200],
  );
  const [before, removal, after] = await Promise.all([
    call(sandbox.url, 'POST', `${path}/reset`),
    call(sandbox.url, 'DELETE', path),
    call(sandbox.url, 'POST', `${path}/reset`),
  ]);
  assert.equal(removal.status, 204);
  assert.ok([200, 404].includes(before.status), JSON.stringify(before.body));
  assert.equal(after.status, 404);
  assert.equal(
    sandbox.worlds.list().some(({ id }) => id === world.id),
    false,
  );
  await assert.rejects(fetch(world.url));
});

test('a call that a reset cuts off says so', async (t) => {
  const sandbox = await openSandbox(t);
  const { id } = await sandbox.createWorld({ clock: '2026-01-01' });
  const path = `/worlds/${id}`;
  const [advanced] = await Promise.all([
    call(sandbox.url, 'POST', `${path}/clock/advance`, { by: 'P700D' }),
    call(sandbox.url, 'POST', `${path}/reset`),
  ]);
  assert.ok([200, 409].includes(advanced.status), JSON.stringify(advanced.body));
});

test('requests that one connection sends without waiting are all answered, in their order', async (t) => {
  const sandbox = await openSandbox(t);
  const { basePath, url } = await sandbox.createWorld();
  const ask = (target: string, more: Readonly<Record<string, string>> = {}): Buffer =>
    writeRequest({
      method: 'GET',
      target: `${basePath}${target}`,
      headers: { Host: new URL(url).host, ...more },
    });
  const metadata = '/.well-known/oauth-authorization-server';
  const answers = await sendRaw(
    url,
    Buffer.concat([ask(metadata), ask('/nothing'), ask(metadata, { Connection: 'close' })]),
  );
  const statuses = answers.map(({ status }) => status);
  assert.equal(statuses.length, 3);
  assert.deepEqual(statuses[0], statuses[2]);
});

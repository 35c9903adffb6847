import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { TestContext } from 'node:test';
import {
  assertBackedOff,
  assertHappened,
  assertHoldsCurrent,
  assertNeverReused,
  assertRefreshedOnce,
  startSandbox,
} from '@keyfob/sandbox/testing';
import type { NewGrant, World } from '@keyfob/sandbox/testing';
import { createPleosTokens } from '../src/pleos-tokens.ts';

const sandbox = await startSandbox();
after(() => sandbox.close());

/** Our code, pointed at a world, after the owner has consented. */
const openTokens = async (t: TestContext, world: World, options: NewGrant = {}) => {
  const grant = await world.grant({ client: 'pleos', brand: 'hyundai', ...options });
  const folder = await mkdtemp(join(tmpdir(), 'pleos-'));
  t.after(() => rm(folder, { recursive: true }));
  const { PLEOS_BASE_URL: baseUrl = '' } = world.environment('pleos');
  const { clientId, clientSecret } = world.client(grant.client);
  const path = join(folder, 'tokens.json');
  const tokens = createPleosTokens({ baseUrl, clientId, clientSecret, path, now: () => world.clock.nowMs });
  const { accessToken, refreshToken } = grant;
  await tokens.write({
    accessToken,
    refreshToken,
    refreshedAtMs: Date.parse((await grant.read()).createdAt),
  });
  return { grant, tokens, refreshToken: async () => (await tokens.read()).refreshToken };
};

test('a request that was lost before the commit is sent again', async (t) => {
  await using world = await sandbox.world({ clock: '2026-01-01' });
  const { tokens, refreshToken } = await openTokens(t, world);
  const fault = await world.faults.loseAnswer({ before: 'commit' });
  assert.equal(await tokens.refresh(), 'fresh');
  await assertHappened(fault);
  await assertHoldsCurrent(world, await refreshToken());
});

test('an answer that Pleos lost after the commit cannot be had again: one retry, and the owner is asked', async (t) => {
  await using world = await sandbox.world({ clock: '2026-01-01' });
  const { tokens } = await openTokens(t, world);
  await world.faults.loseAnswer({ after: 'commit' });
  assert.equal(await tokens.refresh(), 'consent_needed');
  assert.equal(await tokens.refresh(), 'consent_needed');
  assert.equal((await world.requests({ endpoint: 'token' })).length, 2);
});

test('the same loss costs nothing where Pleos repeats an answer', async (t) => {
  await using world = await sandbox.world({ clock: '2026-01-01' });
  const { tokens, refreshToken } = await openTokens(t, world, { client: 'pleos-overlap' });
  await world.faults.loseAnswer({ after: 'commit', how: 'halfBody' });
  assert.equal(await tokens.refresh(), 'fresh');
  await assertHoldsCurrent(world, await refreshToken());
  await assertNeverReused(world);
});

test('callers at once share one refresh', async (t) => {
  await using world = await sandbox.world({ clock: '2026-01-01' });
  const { tokens } = await openTokens(t, world);
  await Promise.all(Array.from({ length: 20 }, () => tokens.refresh()));
  await assertRefreshedOnce(world);
});

test('a grant that is 60 days old is refreshed today, and lives on for a year', async (t) => {
  await using world = await sandbox.world({ clock: '2026-01-01' });
  const { grant, tokens } = await openTokens(t, world, { age: { days: 60 } });
  assert.equal(await tokens.keepAlive(), 'fresh');
  await assertRefreshedOnce(world);
  for (let day = 0; day < 365; day++) {
    await world.clock.advance({ days: 1 });
    assert.equal(await tokens.keepAlive(), 'fresh');
  }
  assert.equal((await grant.read()).status, 'active');
});

test('a replay by somebody else is final, and the token is not sent again', async (t) => {
  await using world = await sandbox.world({ clock: '2026-01-01' });
  const { grant, tokens } = await openTokens(t, world);
  await grant.rotate();
  await world.clock.advance({ days: 3 });
  assert.equal(await tokens.refresh(), 'consent_needed');
  assert.equal(await tokens.refresh(), 'consent_needed');
  await assertBackedOff(world);
});

test('an outage is not a dead token, and Retry-After is kept', async (t) => {
  await using world = await sandbox.world({ clock: '2026-01-01' });
  const { tokens, refreshToken } = await openTokens(t, world);
  await world.faults.answer({
    status: 503,
    bodyName: 'nginx-503',
    headers: { 'retry-after': '600' },
    times: 2,
  });
  for (let minute = 0; minute < 20; minute++) {
    await tokens.refresh();
    await world.clock.advance({ minutes: 1 });
  }
  await assertBackedOff(world);
  assert.equal(await tokens.refresh(), 'fresh');
  await assertHoldsCurrent(world, await refreshToken());
});

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  assertBackedOff,
  assertHappened,
  assertHoldsCurrent,
  assertNeverReused,
  assertRefreshedOnce,
  startSandbox,
} from '@keyfob/sandbox/testing';
import type { Sandbox, World } from '@keyfob/sandbox/testing';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { ConsentNeeded, VendorUnavailable, createCarTokens } from '../src/car-tokens.ts';
import { readTokens, writeTokens } from '../src/token-file.ts';

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await startSandbox();
});
afterAll(() => sandbox.close());

/** Our code, pointed at a world, after the owner has consented. */
const openCars = async (world: World) => {
  const grant = await world.grant();
  const path = join(await mkdtemp(join(tmpdir(), 'cars-')), 'tokens.json');
  onTestFinished(() => rm(join(path, '..'), { recursive: true }));
  await writeTokens(path, {
    accessToken: grant.accessToken,
    refreshToken: grant.refreshToken,
    accessExpiresAtMs: world.clock.nowMs + grant.expiresInSeconds * 1000,
    refreshedAtMs: world.clock.nowMs,
  });
  const { clientId, clientSecret } = world.client('smartcar');
  const cars = createCarTokens({
    origin: world.url,
    clientId,
    clientSecret,
    path,
    now: () => world.clock.nowMs,
    sleep: async (milliseconds) => void (await world.clock.advance({ milliseconds })),
  });
  return { grant, cars, refreshToken: async () => (await readTokens(path)).refreshToken };
};

test('an answer that is lost after the commit loses nothing', async () => {
  await using world = await sandbox.world({ clock: '2026-01-01' });
  const { cars, refreshToken } = await openCars(world);
  const fault = await world.faults.loseAnswer({ after: 'commit', nth: 2 });
  await world.clock.advance({ hours: 3 });
  await cars.accessToken();
  await world.clock.advance({ hours: 3 });
  await cars.accessToken();
  await assertHappened(fault);
  await assertHoldsCurrent(world, await refreshToken());
  await assertNeverReused(world);
});

test('ten callers share one refresh', async () => {
  await using world = await sandbox.world({ clock: '2026-01-01' });
  const { cars } = await openCars(world);
  await world.clock.advance({ hours: 3 });
  const tokens = await Promise.all(Array.from({ length: 10 }, () => cars.accessToken()));
  expect(new Set(tokens).size).toBe(1);
  await assertRefreshedOnce(world);
});

test('a car that nobody looks at for 200 days stays connected', async () => {
  await using world = await sandbox.world({ clock: '2026-01-01' });
  const { grant, cars, refreshToken } = await openCars(world);
  for (let day = 0; day < 200; day++) {
    await world.clock.advance({ days: 1 });
    await cars.keepAlive();
  }
  expect((await grant.read()).status).toBe('active');
  await assertHoldsCurrent(world, await refreshToken());
});

test('a token that somebody else has used is reported once, and not sent again', async () => {
  await using world = await sandbox.world({ clock: '2026-01-01' });
  const { grant, cars } = await openCars(world);
  const thief = await grant.rotate();
  await world.clock.advance({ hours: 3 });
  await expect(cars.accessToken()).rejects.toThrow(ConsentNeeded);
  await expect(cars.accessToken()).rejects.toThrow(ConsentNeeded);
  const [request, ...more] = await world.requests({ endpoint: 'token' });
  expect(request?.verdict).toBe('replay');
  expect(more).toEqual([]);
  // The thief has nothing either.
  expect(await world.holds(thief.refreshToken)).toMatchObject({ wouldBe: 'refuse' });
});

test('an outage is waited for, and costs nothing', async () => {
  await using world = await sandbox.world({ clock: '2026-01-01' });
  const { cars, refreshToken } = await openCars(world);
  await world.clock.advance({ hours: 3 });
  await world.faults.answer({ status: 503, headers: { 'retry-after': '120' }, times: 'always' });
  await expect(cars.accessToken()).rejects.toThrow(VendorUnavailable);
  await assertBackedOff(world);
  await world.faults.clear();
  await cars.accessToken();
  await assertHoldsCurrent(world, await refreshToken());
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import { openKeeper, sqliteStore, systemClock } from '@keyfob/keeper';
import type { Clock, Keeper } from '@keyfob/keeper';
import { directoryFor } from '../support/test-directory.ts';
import { openCounterpart, requestsOf } from './crash/counterpart.ts';
import type { ServerKind } from './crash/counterpart.ts';
import { FAST, KEYS, clientOfData } from './kept-world.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** The machine's clocks, of which the wall clock can be set. */
const settableClock = (): Clock & { setBy(ms: number): void } => {
  let wrongMs = 0;
  return {
    ...systemClock,
    wallMs: () => systemClock.wallMs() + wrongMs,
    setBy: (ms) => void (wrongMs += ms),
  };
};

/** A keeper of one car, at a server. */
const keptCar = async (scope: TestContext, kind: ServerKind) => {
  const server = await openCounterpart(kind);
  const clock = settableClock();
  // Before the directory goes.
  const opened: Keeper[] = [];
  scope.after(async () => {
    for (const one of opened) await one.close({ waitMs: 100 });
    await server.close();
  });
  const keeper = await openKeeper({
    store: sqliteStore(`${directoryFor(scope)}/keeper.db`),
    keys: KEYS,
    clients: { cars: clientOfData(server.client) },
    timing: FAST,
    clock,
  });
  opened.push(keeper);
  await keeper.put('car', 'cars', { refreshToken: await server.newGrant() });
  return { server, clock, keeper };
};

describe('a wall clock that is set while an answer is awaited', () => {
  for (const [text, ms] of [
    ['an hour forward', HOUR_MS],
    ['thirty days forward', 30 * DAY_MS],
    ['an hour back', -HOUR_MS],
    ['thirty days back', -30 * DAY_MS],
  ] as const)
    it(`${text}: the token is repeated inside the overlap, and the car is kept`, async (scope) => {
      const { server, clock, keeper } = await keptCar(scope, 'last-pair-only');
      server.arm('hang_after');
      const asking = keeper.tryToken('car');
      await requestsOf(server, 1);
      clock.setBy(ms);
      const first = await asking;
      assert.equal(first.status, 'ok');
      assert.equal(server.requests().length, 2);
      const rejected = first.status === 'ok' ? first.accessToken : '';
      assert.equal((await keeper.tryToken('car', { rejected })).status, 'ok');
    });
});

describe('the time of a store in a file', () => {
  it('never goes back, also where the clock was put back while no process ran', async (scope) => {
    const file = `${directoryFor(scope)}/keeper.db`;
    const clock = settableClock();
    const before = await sqliteStore(file)(clock);
    await before.leased();
    const beforeMs = before.nowMs();
    await before.close();
    clock.setBy(-DAY_MS);
    const after = await sqliteStore(file)(clock);
    scope.after(after.close);
    assert.ok(after.nowMs() >= beforeMs);
    assert.ok(after.nowMs() < beforeMs + HOUR_MS);
  });

  it('a start after the clock was put forward knows that what is stored may be young', async (scope) => {
    const file = `${directoryFor(scope)}/keeper.db`;
    const clock = settableClock();
    const before = await sqliteStore(file)(clock);
    await before.leased();
    const storedMs = before.nowMs();
    await before.close();
    clock.setBy(DAY_MS);
    const after = await sqliteStore(file)(clock);
    scope.after(after.close);
    assert.ok(after.nowMs() - storedMs >= DAY_MS);
    assert.ok(after.nowMs() - after.latest(storedMs) < HOUR_MS);
    const nowMs = after.nowMs();
    assert.equal(after.latest(nowMs), nowMs);
  });

  it('where another boot shows an earlier time, it goes on from the newest moment that was noted', async (scope) => {
    const file = `${directoryFor(scope)}/keeper.db`;
    const clock = settableClock();
    const before = await sqliteStore(file)(clock);
    await before.leased();
    const storedMs = before.nowMs();
    await before.close();
    clock.setBy(-DAY_MS);
    const after = await sqliteStore(file)({ ...clock, monotonicMs: () => 7, boot: 'another' });
    scope.after(after.close);
    assert.ok(Math.abs(after.nowMs() - storedMs) < 60_000);
  });
});

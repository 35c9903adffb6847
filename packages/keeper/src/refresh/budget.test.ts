import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { oauth } from '../providers/vendors.ts';
import { startSlowly, shareOf } from '../grants/pace.ts';
import type { Clock } from '../time.ts';
import { createBudget } from './budget.ts';

/** A clock that moves from alarm to alarm. */
const createVirtualClock = () => {
  let nowMs = 0;
  const alarms: { atMs: number; ring: () => void }[] = [];
  const after = (delayMs: number, ring: () => void): (() => void) => {
    alarms.push({ atMs: nowMs + Math.ceil(delayMs), ring });
    return () => undefined;
  };
  const clock: Clock = { wallMs: () => nowMs, monotonicMs: () => nowMs, after, inBackground: after };
  const runUntil = async (endMs: number): Promise<void> => {
    for (;;) {
      alarms.sort((one, other) => one.atMs - other.atMs);
      const next = alarms[0];
      if (next === undefined || next.atMs > endMs) break;
      alarms.shift();
      nowMs = next.atMs;
      next.ring();
      await new Promise((resolve) => void setImmediate(resolve));
    }
    nowMs = endMs;
  };
  return { clock, runUntil };
};

const CLIENT = oauth({
  clientId: 'c',
  clientSecret: 's',
  url: 'https://any.example/token',
  perSecondMax: 5,
  concurrencyMax: 20,
});

const startAll = async (share: (nowMs: number) => number, seconds: number): Promise<readonly number[]> => {
  const { clock, runUntil } = createVirtualClock();
  const budget = createBudget(new Map([['cars', CLIENT]]), clock, () => share(clock.wallMs()));
  const startedMs: number[] = [];
  for (let refresh = 0; refresh < 5000; refresh++)
    void budget.run('cars', false, async () => void startedMs.push(clock.wallMs()));
  await runUntil(seconds * 1000);
  return startedMs;
};

describe('the budget of a client', () => {
  it('lets a herd through at its rate, after one burst', async () => {
    const startedMs = await startAll(() => 1, 100);
    assert.ok(startedMs.length >= 495 && startedMs.length <= 515, `${startedMs.length}`);
    for (let from = 0; from < 90_000; from += 1000) {
      const inTen = startedMs.filter((atMs) => atMs >= from && atMs < from + 10_000).length;
      assert.ok(inTen <= 50 + 15, `${inTen} in ten seconds from ${from}`);
    }
  });

  it('grows from a tenth to all of it in nine minutes after a stop', async () => {
    const pace = startSlowly(undefined, 0);
    const startedMs = await startAll((nowMs) => shareOf(pace, nowMs), 660);
    const inMinute = (minute: number): number =>
      startedMs.filter((atMs) => Math.floor(atMs / 60_000) === minute).length;
    assert.ok(inMinute(0) <= 300 * 0.2 + 15, `${inMinute(0)} in the first minute`);
    assert.ok(inMinute(4) > inMinute(1) && inMinute(4) <= 300 * 0.6, `${inMinute(4)} in the fifth minute`);
    assert.ok(inMinute(10) >= 285, `${inMinute(10)} in the eleventh minute`);
  });

  it('lets what somebody waits for go first', async () => {
    const { clock, runUntil } = createVirtualClock();
    const budget = createBudget(new Map([['cars', CLIENT]]), clock, () => 1);
    const order: string[] = [];
    for (let refresh = 0; refresh < 30; refresh++)
      void budget.run('cars', false, async () => void order.push('scheduled'));
    void budget.run('cars', true, async () => void order.push('wanted'));
    await runUntil(60_000);
    assert.equal(order.length, 31);
    assert.ok(order.indexOf('wanted') <= 15);
  });
});

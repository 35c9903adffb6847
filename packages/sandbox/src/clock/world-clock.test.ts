import assert from 'node:assert/strict';
import test from 'node:test';
import { setTimeout as turn } from 'node:timers/promises';
import { CLOCK_MAX_MS, createWorldClock } from './world-clock.ts';

const START = Date.UTC(2026, 0, 1);

const open = (mode: 'frozen' | 'running', rate = 1) => {
  let realMs = 0;
  const clock = createWorldClock({ nowMs: START, mode, rate, skewSeconds: 0 }, () => realMs);
  return { clock, pass: (ms: number) => (realMs += ms) };
};

test('a frozen clock stands still until it is moved, and never goes back', () => {
  const { clock, pass } = open('frozen');
  pass(1000);
  assert.equal(clock.now(), START);
  clock.moveTo(START + 5000);
  clock.moveTo(START + 3000);
  assert.equal(clock.now(), START + 5000);
});

test('a running clock goes on by its rate, from wherever it was moved to', () => {
  const { clock, pass } = open('running', 10);
  pass(1000);
  assert.equal(clock.now(), START + 10_000);
  clock.moveTo(START + 60_000);
  pass(100);
  assert.equal(clock.now(), START + 61_000);
});

test('another rate counts from now on only', () => {
  const { clock, pass } = open('running', 10);
  pass(1000);
  clock.change({ rate: 1 });
  pass(1000);
  assert.equal(clock.now(), START + 11_000);
  clock.change({ mode: 'frozen' });
  pass(1000);
  assert.equal(clock.now(), START + 11_000);
});

test('a clock that is held stands still and does not catch up', () => {
  const { clock, pass } = open('running');
  const held = clock.hold();
  pass(5000);
  assert.equal(clock.now(), START);
  held.end();
  pass(1000);
  assert.equal(clock.now(), START + 1000);
});

test('the clock of the server is wrong by its skew, and the one of the world is not', () => {
  const { clock } = open('frozen');
  clock.change({ skewSeconds: -300 });
  assert.equal(clock.now(), START);
  assert.equal(clock.serverNow(), START - 300_000);
});

test('who waits for a moment is woken when the clock is moved there, in the order of the moments', async () => {
  const { clock } = open('frozen');
  const woken: string[] = [];
  const later = clock.reach(START + 2000).then(() => woken.push('later'));
  const sooner = clock.reach(START + 1000).then(() => woken.push('sooner'));
  assert.equal(clock.nextWait(), START + 1000);
  clock.moveTo(START + 3000);
  await Promise.all([later, sooner]);
  assert.deepEqual(woken, ['sooner', 'later']);
  assert.equal(clock.nextWait(), undefined);
});

test('a wait ends when nobody wants it any more', async () => {
  const { clock } = open('frozen');
  const abort = new AbortController();
  const waiting = clock.reach(START + 1000, abort.signal);
  abort.abort();
  await waiting;
  assert.equal(clock.nextWait(), undefined);
});

test('it ends where tokens can no longer count their seconds', () => {
  const { clock, pass } = open('running', 1_000_000);
  clock.moveTo(CLOCK_MAX_MS - 1);
  pass(1_000_000);
  assert.equal(clock.now(), CLOCK_MAX_MS);
});

test('a clock at its end does not look again and again for a moment that never comes', async () => {
  let looks = 0;
  const start = { nowMs: CLOCK_MAX_MS, mode: 'running', rate: 1_000_000, skewSeconds: 0 } as const;
  const clock = createWorldClock(start, () => ++looks);
  const left = new AbortController();
  const waiting = clock.reach(CLOCK_MAX_MS + 1000, left.signal);
  const before = looks;
  for (let turns = 0; turns < 10; turns++) await turn(1);
  assert.equal(looks, before);
  left.abort();
  await waiting;
});

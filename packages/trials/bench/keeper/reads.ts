import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout } from 'node:timers/promises';
import type { Keeper } from '@keyfob/keeper';
import { readProcess } from '../measure.ts';
import { hotName } from './fleet.ts';
import type { Plan, Reporter } from './plan.ts';

const MEMORY_MAX_MB = 500;
/** As long as a due grant may wait. */
const LAG_MAX_MS = 5000;
const TURNS = 5;
const WARM = 10_000;

/** Memory with the whole fleet, while the schedule runs; and what a turn of it costs. */
export const measureMemory = async (keeper: Keeper, plan: Plan, reporter: Reporter): Promise<void> => {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const turnsMs: number[] = [];
  for (let turn = 0; turn < TURNS; turn++) {
    const startedMs = performance.now();
    await keeper.turn();
    turnsMs.push(performance.now() - startedMs);
    // The event loop notes a stall when it runs again.
    await setTimeout(10);
    reporter.progress('turns', turn + 1, TURNS);
  }
  delay.disable();
  const reading = readProcess(process.pid);
  const [first = 0, ...later] = turnsMs;
  reporter.report({ name: 'first turn of the schedule', value: first, unit: 'ms', atMost: LAG_MAX_MS });
  reporter.report({ name: 'later turn, the longest', value: Math.max(...later), unit: 'ms' });
  reporter.report({ name: 'longest stall of the process in turns', value: delay.max / 1e6, unit: 'ms' });
  if (reading === undefined) return;
  const grants = plan.grants.toLocaleString('en').replaceAll(',', ' ');
  reporter.report({
    name: `resident memory with ${grants} grants`,
    value: reading.residentBytes / 1e6,
    unit: 'MB',
    atMost: MEMORY_MAX_MB,
  });
  reporter.report({
    name: 'peak resident memory so far',
    value: reading.residentMaxBytes / 1e6,
    unit: 'MB',
    atMost: MEMORY_MAX_MB,
  });
};

/** What pages and people read. */
export const measureReads = async (keeper: Keeper, reporter: Reporter): Promise<void> => {
  const reads: readonly (readonly [string, () => Promise<unknown>])[] = [
    ['counts', () => keeper.counts()],
    ['forecast of refreshes, 24 hours', () => keeper.forecastDue(24)],
    ['forecast of ends, 90 days', () => keeper.forecastEnds(90)],
    ['a page of 100 connections', () => keeper.list({ limit: 100, after: 'vin:5' })],
    ['a page of one client', () => keeper.list({ client: 'pl', limit: 100 })],
    ['a page of what is dead', () => keeper.list({ state: 'dead', limit: 100 })],
    ['one connection with its sends', () => keeper.inspect(hotName(1))],
  ];
  for (const [name, read] of reads) {
    await read();
    const startedMs = performance.now();
    await read();
    reporter.report({ name: `read: ${name}`, value: performance.now() - startedMs, unit: 'ms' });
  }
};

const ASKS_PER_SECOND = 200_000;

const rate = (asks: number, ms: number): number => asks / (ms / 1000);

/** Access tokens in this process: from the store, and from memory. */
export const measureAsks = async (keeper: Keeper, plan: Plan, reporter: Reporter): Promise<void> => {
  const names = Array.from({ length: Math.min(WARM, plan.hot) }, (_, car) => hotName(car));
  const fromStoreMs = performance.now();
  for (const name of names) await keeper.token(name);
  const warmMs = performance.now() - fromStoreMs;
  const startedMs = performance.now();
  for (let ask = 0; ask < plan.asks; ask++) await keeper.token(names[ask % names.length] ?? '');
  const askMs = performance.now() - startedMs;
  reporter.report({ name: 'token() from the store', value: rate(names.length, warmMs), unit: '/s' });
  reporter.report({
    name: 'token() from memory',
    value: rate(plan.asks, askMs),
    unit: '/s',
    atLeast: ASKS_PER_SECOND,
  });
};

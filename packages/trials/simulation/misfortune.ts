import { restartNode } from './node.ts';
import { nextRequest, pause } from './pace.ts';
import type { Fault } from './plan.ts';
import { revertStore, takeBackup } from './store-history.ts';
import type { World } from './world.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** Causes machine faults: nodes die, the store is unavailable or falls back to a copy, clocks jump. */
export const causeMachineFaults = async (world: World): Promise<void> => {
  const { prng, schedule, nodes, clients } = world;
  const jump = async (leastMs: number, mostMs: number): Promise<void> => {
    const byMs = prng.between(leastMs, mostMs);
    const moved = prng.chance(0.5) ? nodes : [prng.pick(nodes)];
    for (const node of moved) node.skewMs += byMs;
    world.trace(() => `the clock of ${moved.map(({ name }) => name).join(' and ')} jumps by ${byMs} ms`);
  };
  const acts: Partial<Record<Fault, () => Promise<void>>> = {
    'node-deaths': async () => restartNode(world, prng.pick(nodes)),
    'store-away': async () => {
      world.trace(() => 'the store is unavailable');
      world.isStoreUnavailable = true;
      await schedule.sleep(prng.pick([3000, MINUTE_MS, 30 * MINUTE_MS]) * prng.real());
      world.isStoreUnavailable = false;
      world.trace(() => 'the store is available again');
    },
    failovers: async () => {
      const copy = await takeBackup(world);
      await schedule.sleep(prng.pick([1000, MINUTE_MS, 2 * HOUR_MS]) * prng.real());
      await revertStore(world, copy, 'failover');
    },
    // One clock is far ahead for a while, and then correct again.
    'clock-glitches': async () => {
      if (prng.chance(0.7)) await nextRequest(world, prng.pick(clients));
      const node = prng.pick(nodes);
      const byMs = prng.between(5 * MINUTE_MS, 24 * HOUR_MS);
      node.skewMs += byMs;
      world.trace(() => `the clock of ${node.name} is ahead by ${byMs} ms`);
      await schedule.sleep(prng.pick([10_000, MINUTE_MS, 6 * HOUR_MS]) * prng.real());
      node.skewMs -= byMs;
      world.trace(() => `the clock of ${node.name} is correct again`);
    },
    // The clock of the machine, on which every node runs, is wrong for a while, also while a node starts.
    'clock-far-jumps': async () => {
      const byMs = prng.pick([-70 * DAY_MS, -5 * MINUTE_MS, 5 * MINUTE_MS, 40 * DAY_MS]);
      const setBy = (ms: number): void => {
        for (const node of nodes) node.skewMs += ms;
        if (prng.chance(0.4)) restartNode(world, prng.pick(nodes));
      };
      world.trace(() => `the clock of the machine is off by ${byMs} ms`);
      setBy(byMs);
      await schedule.sleep(prng.pick([10_000, 20 * MINUTE_MS, 6 * HOUR_MS]) * prng.real());
      world.trace(() => 'the clock of the machine is correct again');
      setBy(-byMs);
    },
    'clock-jumps-forward': () => jump(1000, prng.pick([5000, 20 * MINUTE_MS, 2 * HOUR_MS])),
    'clock-jumps-back': () => jump(-prng.pick([5000, 20 * MINUTE_MS, 2 * HOUR_MS]), -1000),
  };
  const possible = Object.entries(acts).flatMap(([fault, act]) => (world.has(fault as Fault) ? [act] : []));
  while (possible.length > 0) {
    await pause(world, 6 * HOUR_MS);
    await prng.pick(possible)();
  }
};

import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { memoryStore } from '@keyfob/keeper';
import { createPrng } from '../../support/prng.ts';
import { ask } from './callers.ts';
import { createChecker } from './checker.ts';
import { disturb, strike } from './disturb.ts';
import { closeFilesIn } from './keeper-process.ts';
import type { SharedStore } from './keeper-process.ts';
import { start } from './machines.ts';
import { createNetwork } from './network.ts';
import { consent } from './owners.ts';
import { drawPlan } from './plan.ts';
import type { Trouble } from './plan.ts';
import type { VirtualProcess, Wall } from './process.ts';
import { settle } from './settle.ts';
import type { Simulation } from './simulation-state.ts';
import { createVirtualProvider } from './virtual-provider.ts';
import type { ProviderKind } from './virtual-provider.ts';
import { createVirtualTime } from './virtual-time.ts';

/** What a simulation is made from. The same seed does the same. */
export type SimulationOptions = {
  readonly seed: number;
  /** Drawn where it is missing. */
  readonly kind?: ProviderKind | undefined;
  readonly steps: number;
  /** Called with every line of the story. */
  readonly report?: ((line: string) => void) | undefined;
};

/** What it showed. `faults` is empty where every promise was kept. */
export type SimulationReport = {
  readonly kind: ProviderKind;
  readonly troubles: readonly Trouble[];
  readonly steps: number;
  readonly hours: number;
  readonly sends: number;
  readonly kills: number;
  readonly deaths: number;
  readonly faults: readonly string[];
};

/** Several keepers on one store, in virtual time, with everything that can go wrong. */
export const simulate = async (options: SimulationOptions): Promise<SimulationReport> => {
  const { steps: wanted } = options;
  const directory = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'keeper-spools-'));
  try {
    const simulation = await prepare(options, directory);
    const { plan, time, prng, checker, state } = simulation;
    const startMs = time.nowMs();
    for (let number = 0; number < plan.keepers; number++) await start(simulation, number);
    for (let car = 0; car < plan.cars; car++) consent(simulation, `car-${car}`);
    let steps = 0;
    while (steps < wanted && checker.ledger.faults.length === 0) {
      if (prng.chance(0.02)) ask(simulation);
      disturb(simulation);
      await time.step(Infinity);
      steps += 1;
    }
    state.isCalm = true;
    if (checker.ledger.faults.length === 0) await settle(simulation);
    for (const one of simulation.processes) one.kill();
    return {
      kind: plan.kind,
      troubles: [...plan.troubles],
      steps,
      hours: Math.round((time.nowMs() - startMs) / 3_600_000),
      sends: checker.sends.counts.sends,
      kills: state.kills,
      deaths: checker.deaths.counts.deaths,
      faults: checker.ledger.faults,
    };
  } finally {
    if (existsSync('/proc/self/fd')) closeFilesIn(directory);
    rmSync(directory, { recursive: true, force: true });
  }
};

const prepare = async (
  { seed, kind, report = () => undefined }: SimulationOptions,
  directory: string,
): Promise<Simulation> => {
  const plan = drawPlan(seed, kind);
  const time = createVirtualTime();
  const prng = createPrng(seed);
  const wall: Wall = { wrongMs: 0 };
  const provider = createVirtualProvider(plan.kind, time);
  const processes: VirtualProcess[] = [];
  const checker = createChecker(plan, time, provider, processes, report);
  const state = { isCalm: false, awayUntilMs: 0, kills: 0, made: 0 };
  const isTroubled = (): boolean => !state.isCalm;
  const store = await memoryStore()({
    ...time.clock(),
    wallMs: () => time.nowMs() + wall.wrongMs,
  });
  const shared: SharedStore = {
    store,
    directory,
    isAway: () => time.nowMs() < state.awayUntilMs,
    failure() {
      if (state.isCalm || !plan.troubles.has('store_failures') || !prng.chance(0.003)) return undefined;
      return prng.chance(0.5) ? 'before' : 'after';
    },
  };
  const simulation: Simulation = {
    plan,
    time,
    prng,
    wall,
    provider,
    checker,
    shared,
    processes,
    state,
    running: [],
    strike: (process, car) => strike(simulation, process, car),
    network: createNetwork({
      time,
      prng,
      plan,
      provider,
      checker,
      isTroubled,
      strike: (process, car) => strike(simulation, process, car),
    }),
  };
  return simulation;
};

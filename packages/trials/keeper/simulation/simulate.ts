import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { memoryStore } from '@keyfob/keeper';
import type { Keeper, TokenResult } from '@keyfob/keeper';
import { createPrng } from '../../support/prng.ts';
import type { Prng } from '../../support/prng.ts';
import { createChecker } from './checker.ts';
import type { Checker } from './checker.ts';
import { closeFilesIn, openKeeperIn, removeSpools, spoolsIn } from './keeper-process.ts';
import type { SharedStore } from './keeper-process.ts';
import { createNetwork } from './network.ts';
import type { Network } from './network.ts';
import { drawPlan } from './plan.ts';
import type { Plan, Trouble } from './plan.ts';
import { startProcess } from './process.ts';
import type { VirtualProcess, Wall } from './process.ts';
import { createVirtualProvider } from './virtual-provider.ts';
import type { ProviderKind, VirtualProvider } from './virtual-provider.ts';
import { createVirtualTime } from './virtual-time.ts';
import type { VirtualTime } from './virtual-time.ts';

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

type Running = { readonly process: VirtualProcess; readonly keeper: Keeper };

type Simulation = {
  readonly plan: Plan;
  readonly time: VirtualTime;
  readonly prng: Prng;
  readonly wall: Wall;
  readonly provider: VirtualProvider;
  readonly checker: Checker;
  readonly network: Network;
  readonly shared: SharedStore;
  /** What happens to a process, and to a car, in the middle of a refresh. */
  readonly strike: (process: VirtualProcess, car: string) => void;
  readonly processes: VirtualProcess[];
  readonly running: (Running | undefined)[];
  readonly state: { isCalm: boolean; awayUntilMs: number; kills: number; made: number };
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

/** Starts a process, and its keeper. A start that the store refuses is made again. */
const start = async (simulation: Simulation, number: number): Promise<void> => {
  const { time, wall, processes, running, shared, checker, state } = simulation;
  const process = startProcess(processes.length, time, wall);
  processes.push(process);
  const left = spoolsIn(shared.directory).filter((name) => !alive.get(shared.directory)?.has(name));
  const before = new Set(spoolsIn(shared.directory));
  try {
    const keeper = await openKeeperIn(process, { ...simulation, newId: () => `id-${++state.made}` });
    removeSpools(shared.directory, left);
    const own = spoolsIn(shared.directory).filter((name) => !before.has(name));
    const names = alive.get(shared.directory) ?? new Set();
    alive.set(shared.directory, names);
    for (const name of own) names.add(name);
    process.onDeath(() => {
      for (const name of own) names.delete(name);
    });
    running[number] = { process, keeper };
    keeper.on('*', (event) => {
      checker.deaths.announced(event);
      const [car] = event.connections;
      if (event.event.kind !== 'needs_consent' || car === undefined) return;
      time.at(simulation.prng.between(1000, 200_000), () => consent(simulation, car));
    });
  } catch {
    process.kill();
    time.at(1000, () => void start(simulation, number));
  }
};

/** The spools of processes that live, by directory. */
const alive = new Map<string, Set<string>>();

const aliveOnes = ({ running }: Simulation): readonly Running[] => running.filter((one) => one !== undefined);

/** The owner of a car consents, and its pair is put, as soon as some process can. */
const consent = (simulation: Simulation, car: string): void => {
  const { provider, checker, shared, time, prng } = simulation;
  const [one] = aliveOnes(simulation).length === 0 ? [] : [prng.pick(aliveOnes(simulation))];
  const again = (): void => void time.at(1000, () => consent(simulation, car));
  if (one === undefined) return again();
  const token = provider.consent(car);
  const put = async (): Promise<void> => {
    try {
      await one.keeper.put(car, 'cars', { refreshToken: token.text });
    } catch {
      return again();
    }
    const grant = await shared.store.find(car);
    if (grant !== undefined) checker.put(token, grant.id);
  };
  void put();
};

const ask = (simulation: Simulation): void => {
  const { prng, plan, time, checker } = simulation;
  const ones = aliveOnes(simulation);
  if (ones.length === 0) return;
  const { keeper } = prng.pick(ones);
  const car = `car-${prng.between(0, plan.cars - 1)}`;
  const askedMs = time.nowMs();
  const judge = async (): Promise<void> => {
    const first = await keeper.tryToken(car, prng.chance(0.5) ? { minValidMs: 50_000 } : {});
    checker.result(car, askedMs, first);
    if (first.status !== 'ok' || !prng.chance(0.05)) return;
    checker.result(car, askedMs, await keeper.tryToken(car, { rejected: first.accessToken }));
  };
  void judge();
};

const strike = (simulation: Simulation, process: VirtualProcess, car: string): void => {
  const { prng, plan, running, state } = simulation;
  const happens = (trouble: Trouble, probability: number): boolean =>
    prng.chance(probability) && plan.troubles.has(trouble) && !state.isCalm;
  const number = running.findIndex((one) => one?.process === process);
  const one = running[number];
  if (one === undefined) return;
  if (happens('stops', 0.01)) stopOne(simulation, one, prng.between(500, 100_000), false);
  if (car !== '' && happens('new_consents', 0.005)) consent(simulation, car);
  if (happens('deaths', 0.01)) killOne(simulation, number);
};

/** From what NTP sets, to a clock that somebody has set to another month. Both ways. */
const JUMPS_MS = [2000, 20_000, 90_000, 600_000, 3_600_000, 86_400_000, 30 * 86_400_000];

/** What may go wrong between two steps, and how likely. */
const disturb = (simulation: Simulation): void => {
  const { prng, plan, time, wall, checker, network, state } = simulation;
  const happens = (trouble: Trouble, probability: number): boolean =>
    prng.chance(probability) && plan.troubles.has(trouble);
  if (happens('deaths', 0.003)) killOne(simulation, prng.between(0, plan.keepers - 1));
  if (happens('all_die', 0.0002))
    for (let number = 0; number < plan.keepers; number++) killOne(simulation, number);
  const ones = aliveOnes(simulation);
  if (ones.length > 0 && happens('stops', 0.002))
    stopOne(simulation, prng.pick(ones), prng.between(500, 90_000), false);
  if (ones.length > 0 && happens('sleeps', 0.0005))
    stopOne(simulation, prng.pick(ones), prng.between(500, 1_200_000), true);
  if (happens('store_outages', 0.0005)) {
    const ms = prng.between(500, 120_000);
    state.awayUntilMs = time.nowMs() + ms;
    checker.ledger.upset(ms);
    checker.ledger.note(`the store is away for ${ms} ms`);
  }
  if (happens('client_refused', 0.0001)) {
    const ms = prng.between(30_000, 300_000);
    network.refuseClientFor(ms);
    checker.sends.excuseRepeatsFor(ms + 1_800_000);
  }
  if (happens('jumps', 0.002)) {
    wall.wrongMs += prng.pick(JUMPS_MS) * (prng.chance(0.5) ? 1 : -1);
    checker.ledger.note('the wall clock jumps');
  }
  const car = `car-${prng.between(0, plan.cars - 1)}`;
  if (happens('new_consents', 0.0005)) consent(simulation, car);
  if (happens('revocations', 0.0005)) checker.revoke(car);
  if (ones.length > 0 && happens('disconnections', 0.0001)) {
    const disconnect = async (): Promise<void> => {
      try {
        if (await prng.pick(ones).keeper.disconnect(car)) checker.sends.disconnected(car);
      } catch {
        return;
      }
      time.at(60_000, () => consent(simulation, car));
    };
    void disconnect();
  }
};

const stopOne = ({ checker }: Simulation, { process }: Running, ms: number, isAsleep: boolean): void => {
  checker.ledger.note(`process ${process.number} ${isAsleep ? 'sleeps' : 'is stopped'} for ${ms} ms`);
  process.stop(ms, isAsleep);
};

const killOne = (simulation: Simulation, number: number): void => {
  const { running, time, prng, state } = simulation;
  const one = running[number];
  if (one === undefined) return;
  state.kills += 1;
  simulation.checker.ledger.note(`process ${one.process.number} dies`);
  one.process.kill();
  running[number] = undefined;
  time.at(prng.between(500, 90_000), () => void start(simulation, number));
};

const SETTLE_MS = 1_500_000;
const LAST_MS = 900_000;

/** Without trouble for longer than every waiting time of a keeper; then every car must have a token that works. */
const settle = async (simulation: Simulation): Promise<void> => {
  const { time, plan, checker, shared } = simulation;
  const endMs = time.nowMs() + SETTLE_MS;
  time.at(SETTLE_MS, () => undefined);
  while (await time.step(endMs));
  const [one] = aliveOnes(simulation);
  if (one === undefined) throw new Error('no keeper came back');
  for (let car = 0; car < plan.cars; car++) {
    const name = `car-${car}`;
    if ((await shared.store.find(name)) === undefined) continue;
    const got: { result?: TokenResult } = {};
    const asking = async (): Promise<void> => {
      got.result = await one.keeper.tryToken(name, { waitMs: LAST_MS / 2, minValidMs: 50_000 });
    };
    void asking();
    const lastMs = time.nowMs() + LAST_MS;
    time.at(LAST_MS, () => undefined);
    while (got.result === undefined && (await time.step(lastMs)));
    checker.lastResult(name, got.result);
  }
  checker.deaths.finish();
};

import { killOne, stopOne, visit } from './machines.ts';
import { consent, disconnect } from './owners.ts';
import type { Trouble } from './plan.ts';
import type { VirtualProcess } from './process.ts';
import { aliveOnes } from './simulation-state.ts';
import type { Simulation } from './simulation-state.ts';

/** What happens to a process, and to a car, in the middle of a refresh. */
export const strike = (simulation: Simulation, process: VirtualProcess, car: string): void => {
  const { prng, plan, running, state } = simulation;
  const happens = (trouble: Trouble, probability: number): boolean =>
    prng.chance(probability) && plan.troubles.has(trouble) && !state.isCalm;
  const number = running.findIndex((one) => one?.process === process);
  const one = running[number];
  if (one === undefined) return;
  if (happens('stops', 0.01)) stopOne(simulation, one, prng.between(500, 100_000), false);
  if (car !== '' && happens('new_consents', 0.005)) consent(simulation, car);
  if (happens('deaths', 0.01)) killOne(simulation, number);
  const isEnding =
    car !== '' && plan.troubles.has('sudden_ends') && !state.isCalm && plan.weather.chance(0.01);
  if (isEnding) void disconnect(simulation, one, car);
};

/** From what NTP sets, to a clock that somebody has set to another month. Both ways. */
const JUMPS_MS = [2000, 20_000, 90_000, 600_000, 3_600_000, 86_400_000, 30 * 86_400_000];

/** What may go wrong between two steps, and how likely. */
export const disturb = (simulation: Simulation): void => {
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
  if (ones.length > 0 && happens('disconnections', 0.0001)) void disconnect(simulation, prng.pick(ones), car);
  disturbByWeather(simulation);
};

/** The troubles that have a source of chance of their own. */
const disturbByWeather = (simulation: Simulation): void => {
  const { plan, checker, network } = simulation;
  const happens = (trouble: Trouble, probability: number): boolean =>
    plan.troubles.has(trouble) && plan.weather.chance(probability);
  if (happens('strangers', 0.002)) void visit(simulation);
  if (happens('outages', 0.0008)) {
    const ms = plan.weather.pick([3000, 30_000, 240_000, 900_000]);
    checker.ledger.note(`no connection stands for ${ms} ms`);
    network.unreachableFor(ms);
  }
};

import { aliveOnes } from './simulation-state.ts';
import type { Simulation } from './simulation-state.ts';

/** Somebody asks one of the keepers for the token of a car, and sometimes says that it was refused. */
export const ask = (simulation: Simulation): void => {
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

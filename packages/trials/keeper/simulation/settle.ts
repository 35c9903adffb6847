import type { TokenResult } from '@keyfob/keeper';
import { aliveOnes } from './simulation-state.ts';
import type { Simulation } from './simulation-state.ts';

const SETTLE_MS = 1_500_000;
const LAST_MS = 900_000;

/** Without trouble for longer than every waiting time of a keeper; then every car must have a token that works. */
export const settle = async (simulation: Simulation): Promise<void> => {
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

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CLOCK_MUTATIONS } from './mutations/clock.ts';
import { importMutated, plant, sourceOf } from '../support/mutation.ts';
import { drawClockPlan } from './plan.ts';
import { simulate } from './simulate.ts';
import type * as Simulation from './simulate.ts';

const SIMULATION = new URL('simulate.ts', import.meta.url).href;

const SEEDS = 25;

void test(`${SEEDS} seeds with a clock that drifts and jumps cost no correct client its grant`, async () => {
  let jumps = 0;
  for (let seed = 1; seed <= SEEDS; seed++) {
    const report = (line: string): void => void (line.includes('the machine is off') && jumps++);
    const { violations } = await simulate(seed, report, undefined, drawClockPlan);
    assert.deepEqual(violations, [], `seed ${seed}`);
  }
  assert.ok(jumps > SEEDS, `${jumps} jumps`);
});

for (const mutation of CLOCK_MUTATIONS) {
  void test(`a planted bug is found: ${mutation.name}`, async () => {
    assert.notEqual(plant(mutation, sourceOf(mutation)), '');
    const mutated = await importMutated<typeof Simulation>(mutation, SIMULATION);
    const { violations } = await mutated.simulate(mutation.seed, undefined, undefined, drawClockPlan);
    assert.notDeepEqual(violations, [], `seed ${mutation.seed} does not find it`);
  });
}

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { importMutated, plant, sourceOf } from '../../support/mutation.ts';
import { KEEPER_MUTATIONS } from './mutations.ts';
import { PROVIDER_KINDS, TROUBLES } from './plan.ts';
import { simulate } from './simulate.ts';
import type * as Simulation from './simulate.ts';

const SIMULATION = new URL('simulate.ts', import.meta.url).href;
const SEEDS = 12;
const STEPS = 600;

describe('keepers on one store, in virtual time', () => {
  it(`${SEEDS} seeds keep every promise, with every kind of provider and of trouble`, async (scope) => {
    const [kinds, troubles] = [new Set<string>(), new Set<string>()];
    let sends = 0;
    for (let seed = 1; seed <= SEEDS; seed++) {
      const report = await simulate({ seed, steps: STEPS });
      assert.deepEqual(report.faults, [], `seed ${seed}`);
      kinds.add(report.kind);
      for (const one of report.troubles) troubles.add(one);
      sends += report.sends;
    }
    assert.deepEqual([...kinds].sort(), [...PROVIDER_KINDS].sort());
    assert.deepEqual([...troubles].sort(), [...TROUBLES].sort());
    scope.diagnostic(`${sends} sends`);
  });

  it('the same seed does the same, step by step', async () => {
    const stories = [];
    for (let times = 0; times < 2; times++) {
      const story: string[] = [];
      await simulate({ seed: 5, steps: 400, report: (line) => void story.push(line) });
      stories.push(story);
    }
    assert.deepEqual(stories[0], stories[1]);
    assert.ok((stories[0]?.length ?? 0) > 50);
  });
});

describe('a planted bug is found', () => {
  for (const mutation of KEEPER_MUTATIONS) {
    it(`its line is there: ${mutation.name}`, () => assert.notEqual(plant(mutation, sourceOf(mutation)), ''));
    if (mutation.isSlow === true) continue;
    it(mutation.name, async () => {
      const { seed } = mutation;
      const mutated = await importMutated<typeof Simulation>(mutation, SIMULATION);
      const { faults, steps } = await mutated.simulate({ seed, steps: 700 });
      assert.notDeepEqual(faults, [], `seed ${seed} does not find it`);
      assert.deepEqual((await simulate({ seed, steps })).faults, [], 'the seed also fails without the bug');
    });
  }
});

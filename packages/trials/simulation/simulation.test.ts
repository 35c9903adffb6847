import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { importMutated, plant, sourceOf } from '../support/mutation.ts';
import { MUTATIONS } from './mutations/mutations.ts';
import { FAULTS } from './plan.ts';
import { simulate } from './simulate.ts';
import type * as Simulation from './simulate.ts';

const FIXTURES = new URL('../../../fixtures/simulation/', import.meta.url);
const SIMULATION = new URL('simulate.ts', import.meta.url).href;
/** `npm run nightly` runs 20,000. */
const SEEDS = 120;

void test(`${SEEDS} seeds keep every promise of the documents, and every kind of fault occurs`, async () => {
  const seen = new Set<string>();
  for (let seed = 1; seed <= SEEDS; seed++) {
    const { violations, faults } = await simulate(seed);
    for (const kind of faults) seen.add(kind);
    assert.deepEqual(violations, [], `seed ${seed}`);
  }
  assert.deepEqual([...seen].sort(), [...FAULTS].sort());
});

void test('the same seed gives the same simulation, step by step', async () => {
  for (const seed of [2, 11, 53]) {
    const [first, again]: [string[], string[]] = [[], []];
    const outcome = await simulate(seed, (line) => void first.push(line));
    assert.deepEqual(await simulate(seed, (line) => void again.push(line)), outcome);
    assert.deepEqual(again, first);
    assert.ok(first.length > 20, `seed ${seed} has ${first.length} steps`);
  }
});

void test('different seeds give different simulations', async () => {
  const simulations = new Set<string>();
  for (let seed = 1; seed <= 10; seed++) {
    const lines: string[] = [];
    await simulate(seed, (line) => void lines.push(line));
    simulations.add(lines.join('\n'));
  }
  assert.equal(simulations.size, 10);
});

for (const file of readdirSync(FIXTURES).filter((name) => name.endsWith('.json'))) {
  const { seed, fault, bug } = JSON.parse(readFileSync(new URL(file, FIXTURES), 'utf8')) as {
    readonly seed: number;
    readonly fault: string;
    readonly bug: string;
  };
  void test(`seed ${seed} does not fail: ${fault}`, async () => {
    assert.deepEqual((await simulate(seed)).violations, []);
    assert.equal(
      MUTATIONS.find(({ name }) => name === bug)?.seed,
      seed,
      'the seed that finds the planted bug',
    );
  });
}

for (const mutation of MUTATIONS) {
  void test(`a planted bug is found: ${mutation.name}`, async () => {
    assert.notEqual(plant(mutation, sourceOf(mutation)), '');
    const mutated = await importMutated<typeof Simulation>(mutation, SIMULATION);
    const { violations } = await mutated.simulate(mutation.seed);
    assert.notDeepEqual(violations, [], `seed ${mutation.seed} does not find it`);
    // The first seeds were simulated without a bug above.
    if (mutation.seed > SEEDS)
      assert.deepEqual((await simulate(mutation.seed)).violations, [], 'the seed also fails without the bug');
  });
}

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { importMutated, MUTATIONS, plant } from './mutations.ts';
import { FAULTS } from './plan.ts';
import { simulate } from './simulate.ts';

const FIXTURES = new URL('../../../fixtures/simulation/', import.meta.url);
const SEEDS = 300;

void test(`nothing that the documents promise is broken in ${SEEDS} seeds, and every kind of fault occurs`, async () => {
  const seen = new Set<string>();
  for (let seed = 1; seed <= SEEDS; seed++) {
    const { violations, faults } = await simulate(seed);
    for (const fault of faults) seen.add(fault);
    assert.deepEqual(violations, [], `seed ${seed}`);
  }
  assert.deepEqual([...seen].sort(), [...FAULTS].sort());
});

void test('the same seed lives the same life, step by step', async () => {
  for (const seed of [2, 11, 53]) {
    const [first, again]: [string[], string[]] = [[], []];
    const outcome = await simulate(seed, (line) => void first.push(line));
    assert.deepEqual(await simulate(seed, (line) => void again.push(line)), outcome);
    assert.deepEqual(again, first);
    assert.ok(first.length > 20, `seed ${seed} has ${first.length} steps`);
  }
});

void test('different seeds live different lives', async () => {
  const lives = new Set<string>();
  for (let seed = 1; seed <= 10; seed++) {
    const lines: string[] = [];
    await simulate(seed, (line) => void lines.push(line));
    lives.add(lines.join('\n'));
  }
  assert.equal(lives.size, 10);
});

for (const file of readdirSync(FIXTURES).filter((name) => name.endsWith('.json'))) {
  const { seed, taught } = JSON.parse(readFileSync(new URL(file, FIXTURES), 'utf8')) as {
    readonly seed: number;
    readonly taught: string;
  };
  void test(`seed ${seed} holds, which taught: ${taught}`, async () => {
    assert.deepEqual((await simulate(seed)).violations, []);
  });
}

for (const mutation of MUTATIONS) {
  void test(`a planted bug is found: ${mutation.name}`, async () => {
    const package_ = mutation.file.startsWith('server/')
      ? new URL(mutation.file.slice('server/'.length), import.meta.resolve('@keyfob/server/package.json'))
          .href
      : new URL(mutation.file.slice('trials/'.length), new URL('../', import.meta.url)).href;
    assert.notEqual(plant(mutation, readFileSync(fileURLToPath(package_), 'utf8')), '');
    const { simulate: simulateMutated } = await importMutated(mutation);
    const { violations } = await simulateMutated(mutation.seed);
    assert.notDeepEqual(violations, [], `seed ${mutation.seed} does not find it`);
    assert.deepEqual((await simulate(mutation.seed)).violations, [], 'the seed finds it where it is not');
  });
}

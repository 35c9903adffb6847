import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { CODE_MUTATIONS } from './code-mutations.ts';
import { CODE_FAULTS } from './code-world.ts';
import { importMutated, plant } from './mutations.ts';
import { simulateCodes } from './simulate-codes.ts';
import type * as Simulation from './simulate-codes.ts';

const SEEDS = 150;

void test(`nothing that the documents promise of codes is broken in ${SEEDS} seeds, and every kind of fault occurs`, async () => {
  const seen = new Set<string>();
  for (let seed = 1; seed <= SEEDS; seed++) {
    const { violations, faults } = await simulateCodes(seed);
    for (const fault of faults) seen.add(fault);
    assert.deepEqual(violations, [], `seed ${seed}`);
  }
  assert.deepEqual([...seen].sort(), [...CODE_FAULTS].sort());
});

void test('the same seed lives the same life of codes, step by step', async () => {
  for (const seed of [3, 12]) {
    const [first, again]: [string[], string[]] = [[], []];
    const outcome = await simulateCodes(seed, (line) => void first.push(line));
    assert.deepEqual(await simulateCodes(seed, (line) => void again.push(line)), outcome);
    assert.deepEqual(again, first);
    assert.ok(first.length > 10, `seed ${seed} has ${first.length} steps`);
  }
});

for (const mutation of CODE_MUTATIONS) {
  void test(`a planted bug in codes is found: ${mutation.name}`, async () => {
    const path = mutation.file.startsWith('server/')
      ? new URL(mutation.file.slice('server/'.length), import.meta.resolve('@keyfob/server/package.json'))
          .href
      : new URL(mutation.file.slice('trials/'.length), new URL('../', import.meta.url)).href;
    assert.notEqual(plant(mutation, readFileSync(fileURLToPath(path), 'utf8')), '');
    const mutated = await importMutated<typeof Simulation>(mutation, './simulate-codes.ts');
    const { violations } = await mutated.simulateCodes(mutation.seed);
    assert.notDeepEqual(violations, [], `seed ${mutation.seed} does not find it`);
    assert.deepEqual((await simulateCodes(mutation.seed)).violations, [], 'it is found where it is not');
  });
}

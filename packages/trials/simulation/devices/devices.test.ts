import assert from 'node:assert/strict';
import { test } from 'node:test';
import { importMutated, plant, sourceOf } from '../../support/mutation.ts';
import { DEVICE_MUTATIONS } from './mutations.ts';
import { DEVICE_FAULTS } from './records.ts';
import { simulateDevices } from './simulate-devices.ts';
import type * as Simulation from './simulate-devices.ts';

const SIMULATION = new URL('simulate-devices.ts', import.meta.url).href;
const SEEDS = 40;
const ANSWERS = [
  'access_denied',
  'authorization_pending',
  'expired_token',
  'granted',
  'invalid_grant',
  'outage',
  'slow_down',
];

test(`${SEEDS} seeds keep what RFC 8628 and its decision promise, with every fault and every answer`, async () => {
  const seen = { faults: new Set<string>(), answers: new Set<string>() };
  for (let seed = 1; seed <= SEEDS; seed++) {
    const { violations, faults, answers } = await simulateDevices(seed);
    assert.deepEqual(violations, [], `seed ${seed}`);
    for (const fault of faults) seen.faults.add(fault);
    // A node seldom dies with a poll in its hands.
    for (const answer of Object.keys(answers)) if (answer !== 'none') seen.answers.add(answer);
  }
  assert.deepEqual([...seen.faults].sort(), [...DEVICE_FAULTS].sort());
  assert.deepEqual([...seen.answers].sort(), ANSWERS);
});

test('the same seed gives the same simulation of devices, step by step', async () => {
  const [first, again]: [string[], string[]] = [[], []];
  await simulateDevices(7, (line) => void first.push(line));
  await simulateDevices(7, (line) => void again.push(line));
  assert.deepEqual(again, first);
  assert.ok(first.length > 20);
});

for (const mutation of DEVICE_MUTATIONS)
  test(`a planted bug of devices is found: ${mutation.name}`, async () => {
    assert.notEqual(plant(mutation, sourceOf(mutation)), '');
    const mutated = await importMutated<typeof Simulation>(mutation, SIMULATION);
    const { violations } = await mutated.simulateDevices(mutation.seed);
    assert.notDeepEqual(violations, [], `seed ${mutation.seed} does not find it`);
    assert.deepEqual((await simulateDevices(mutation.seed)).violations, [], 'the seed also fails without it');
  });

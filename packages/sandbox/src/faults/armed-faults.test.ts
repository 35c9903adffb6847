import assert from 'node:assert/strict';
import test from 'node:test';
import { createSeededRandomness } from '../worlds/seeded-randomness.ts';
import { createArmedFaults, FAULTS_MAX } from './armed-faults.ts';
import type { RequestFacts } from './armed-faults.ts';
import type { NewFault } from './fault.ts';
import { parseFault } from './parse-fault.ts';

const REFRESH: RequestFacts = {
  endpoint: 'token',
  grantType: 'refresh_token',
  dialect: 'smartcar',
  client: 'smartcar',
  grant: 'g1',
};

const strikes = (fault: Omit<NewFault, 'do'>, times = 10, facts = REFRESH, seed = 'seed'): string => {
  const armed = createArmedFaults(
    (purpose) => createSeededRandomness(seed, purpose),
    () => 0,
  );
  armed.arm(parseFault({ ...fault, do: { status: 500 } }));
  return Array.from({ length: times }, () => (armed.strike(facts).length > 0 ? 'x' : '.')).join('');
};

const CASES: readonly (readonly [string, Omit<NewFault, 'do'>, string])[] = [
  ['once by default', {}, 'x.........'],
  ['so often', { times: 3 }, 'xxx.......'],
  ['always', { times: 'always' }, 'xxxxxxxxxx'],
  ['the third only', { on: { nth: 3 } }, '..x.......'],
  ['every third', { on: { every: 3 } }, '..x..x..x.'],
  ['every third, twice', { on: { every: 3 }, times: 2 }, '..x..x....'],
  ['never by chance', { on: { probability: 0 } }, '..........'],
  ['always by chance', { on: { probability: 1 } }, 'xxxxxxxxxx'],
  ['of that client', { on: { client: 'smartcar' } }, 'x.........'],
  ['of another client', { on: { client: 'pleos' } }, '..........'],
  ['of that grant', { on: { grant: 'g1' } }, 'x.........'],
  ['of another grant', { on: { grant: 'g2' } }, '..........'],
  ['of another endpoint', { on: { endpoint: 'revoke' } }, '..........'],
  ['of any endpoint', { on: { endpoint: 'any' } }, 'x.........'],
  ['of another kind', { on: { grantType: 'authorization_code' } }, '..........'],
];

for (const [name, fault, expected] of CASES)
  test(`a fault that happens ${name}`, () => {
    assert.equal(strikes(fault), expected);
  });

test('chance comes from the seed, about as often as it says', () => {
  const wanted = { on: { probability: 0.25 } };
  const one = strikes(wanted, 1000);
  assert.equal(strikes(wanted, 1000), one);
  assert.notEqual(strikes(wanted, 1000, REFRESH, 'another'), one);
  const hits = one.split('x').length - 1;
  assert.ok(hits > 200 && hits < 300, String(hits));
});

test('one more fault does not change when another happens by chance', () => {
  const armed = createArmedFaults(
    (purpose) => createSeededRandomness('seed', purpose),
    () => 0,
  );
  armed.arm(parseFault({ on: { probability: 0.25 }, do: { status: 500 } }));
  armed.arm(parseFault({ on: { probability: 0.5 }, do: { status: 501 } }));
  const both = Array.from({ length: 1000 }, () =>
    armed.strike(REFRESH).some(({ id }) => id === 'f1') ? 'x' : '.',
  ).join('');
  assert.equal(both, strikes({ on: { probability: 0.25 } }, 1000));
});

test('a fault for so many seconds ends with the clock of the world, and says so', () => {
  let nowMs = 1000;
  const armed = createArmedFaults(
    (purpose) => createSeededRandomness('seed', purpose),
    () => nowMs,
  );
  armed.arm(parseFault({ on: { forSeconds: 60 }, do: { status: 500 }, times: 'always' }));
  const isStruck = (): boolean => armed.strike(REFRESH).length > 0;
  nowMs += 59_999;
  assert.deepEqual([isStruck(), armed.find('f1')?.isOver], [true, false]);
  nowMs += 1;
  assert.deepEqual([isStruck(), armed.find('f1')?.isOver, armed.list()[0]?.isOver], [false, true, true]);
});

test('a world has so many faults and no more', () => {
  const armed = createArmedFaults(
    (purpose) => createSeededRandomness('seed', purpose),
    () => 0,
  );
  for (let index = 0; index < FAULTS_MAX; index++) armed.arm(parseFault({ do: { status: 500 } }));
  assert.throws(() => armed.arm(parseFault({ do: { status: 500 } })), { code: 'too_many_faults' });
  assert.equal(armed.disarm('f1'), true);
  armed.arm(parseFault({ do: { status: 500 } }));
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { dialectsOf, SCENARIOS } from '@keyfob/sandbox';
import { openSandbox } from './support.ts';
import { SCENARIO_ROWS } from './scenario-rows.ts';
import { playScenario } from './scenario-player.ts';

describe('A scenario, as a raw client sees it, the journal says it and the store has it', () => {
  for (const { scenario, moves, seen } of SCENARIO_ROWS) {
    const names = moves.map((move) => (typeof move === 'string' ? move : `wait ${move.waitSeconds} s`));
    for (const [dialect, lines] of Object.entries(seen))
      test(`${scenario}, ${dialect}: ${names.join(', ')}`, async (t) => {
        const sandbox = await openSandbox(t);
        const world = await sandbox.createWorld({ clock: '2026-01-01' });
        const played = await playScenario(world, scenario, dialect, moves);
        assert.deepEqual(played.lines, lines);
      });
  }
});

/** It is about another flow, and has a test of its own. */
const OTHER_FLOWS = new Set(['device-not-yet']);

test('every scenario has a test in every dialect that has it', () => {
  for (const scenario of SCENARIOS.filter(({ name }) => !OTHER_FLOWS.has(name)))
    for (const dialect of ['smartcar', 'pleos'] as const)
      if (dialectsOf(scenario).includes(dialect))
        assert.ok(
          SCENARIO_ROWS.some((row) => row.scenario === scenario.name && row.seen[dialect] !== undefined),
          `${scenario.name} in ${dialect}`,
        );
});

test('every scenario says in sentences what happens, and has a name of its own', () => {
  assert.equal(new Set(SCENARIOS.map(({ name }) => name)).size, SCENARIOS.length);
  for (const { name, serverDoes, clientDoes, source } of SCENARIOS) {
    assert.match(name, /^[a-z0-9]+(?:-[a-z0-9]+)*$/);
    for (const sentence of [serverDoes, clientDoes]) assert.match(sentence, /^[A-Z].*\.$/, name);
    assert.ok(source.length > 0 && !source.endsWith('.'), name);
  }
});

import { SCENARIOS } from '../../scenarios/scenarios.ts';
import { endScenario, scenarioOrder, startScenario } from '../../scenarios/start-scenario.ts';
import { defineRoute } from '../control-route.ts';
import type { ControlRoute } from '../control-route.ts';
import { findWorld } from '../find-world.ts';
import { runningScenarioListShape, scenarioListShape, startedScenarioShape } from '../shapes.ts';
import { showScenario, showStarted } from '../show.ts';

const tag = 'scenarios';

export const scenarioRoutes: readonly ControlRoute[] = [
  defineRoute({
    method: 'GET',
    path: '/scenarios',
    tag,
    summary: 'List the scenarios: what the server does, what a right client does, and where it happened',
    status: 200,
    answer: scenarioListShape,
    handle: () => ({ scenarios: SCENARIOS.map(showScenario) }),
  }),
  defineRoute({
    method: 'POST',
    path: '/worlds/{world}/scenarios/{scenario}',
    tag,
    summary: 'Start a scenario: make its grant, arm its faults, and do what it begins with',
    body: scenarioOrder,
    status: 201,
    answer: startedScenarioShape,
    handle: async (call) =>
      showStarted(await startScenario(findWorld(call), call.path['scenario'] ?? '', call.body)),
  }),
  defineRoute({
    method: 'GET',
    path: '/worlds/{world}/scenarios',
    tag,
    summary: 'List the scenarios that were started, with what they did and what follows',
    status: 200,
    answer: runningScenarioListShape,
    handle: (call) => ({
      scenarios: findWorld(call)
        .running.list()
        .map(({ name, grant, did, planned }) => ({
          name,
          grant,
          did: [...did],
          willDo: planned.map(({ says }) => says),
        })),
    }),
  }),
  defineRoute({
    method: 'DELETE',
    path: '/worlds/{world}/scenarios/{scenario}',
    tag,
    summary: 'End a scenario: remove its faults, and do nothing more; what it did stays done',
    status: 204,
    handle: (call) => endScenario(findWorld(call), call.path['scenario'] ?? ''),
  }),
];

import { nearestName } from '@keyfob/server';
import { SandboxError } from '../sandbox-error.ts';
import { DIALECT_NAMES } from '../worlds/ready-clients.ts';
import { GRANT_LIVES } from './grant-lives.ts';
import { LOST_ANSWERS } from './lost-answers.ts';
import { ODD_ANSWERS } from './odd-answers.ts';
import { OUTAGES } from './outages.ts';
import type { Scenario } from './scenario.ts';

/** The catalogue, in groups with a title for readers. */
export const SCENARIO_GROUPS: readonly { readonly title: string; readonly scenarios: readonly Scenario[] }[] =
  [
    { title: 'Answers that are lost, late or doubled', scenarios: LOST_ANSWERS },
    { title: 'The lives of grants, clients and servers', scenarios: GRANT_LIVES },
    { title: 'Outages and what stands before the server', scenarios: OUTAGES },
    { title: 'Odd answers', scenarios: ODD_ANSWERS },
  ];

/** Every scenario. */
export const SCENARIOS: readonly Scenario[] = SCENARIO_GROUPS.flatMap(({ scenarios }) => scenarios);

/** The dialects that have a scenario, by their names. */
export const dialectsOf = ({ dialects }: Scenario): readonly string[] => dialects ?? DIALECT_NAMES;

/** Throws `SandboxError` `not_found`, with the nearest name. */
export const findScenario = (name: string): Scenario => {
  const found = SCENARIOS.find((one) => one.name === name);
  if (found !== undefined) return found;
  const nearest = nearestName(
    name,
    SCENARIOS.map((one) => one.name),
  );
  throw new SandboxError(
    'not_found',
    `there is no scenario ${name.slice(0, 60)}${nearest === undefined ? '' : `, did you mean ${nearest}?`}`,
    'GET /_sandbox/scenarios lists them, and so does keyfob-sandbox scenarios.',
  );
};

import type { InferInput, InferOutput } from 'valibot';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type {
  advancedShape,
  clientShape,
  clockShape,
  faultShape,
  grantShape,
  holdsShape,
  requestShape,
  startedScenarioShape,
} from '../control/shapes.ts';
import type { newFault } from '../faults/fault.ts';
import type { newGrant } from '../grants/new-grant.ts';
import type { newWorld } from '../worlds/new-world.ts';
import type { FaultState, NewFault } from './fault.ts';
import type { NewGrant } from './world-grant.ts';
import type { StartedScenario } from './started-scenario.ts';
import type { WorldOptions } from './world-options.ts';
import type { Advanced, ClockState, GrantState, Holds, WorldClient, WorldRequest } from './world-state.ts';

/** Whether an answer of the control API is what the testing API says that it is, without a member too many. */
type Answers<Shape, Stated> = [Shape] extends [Stated]
  ? [keyof Shape] extends [keyof Stated]
    ? true
    : 'a member is missing in the testing API'
  : 'a member has another type';

/** Whether every member of an input is known to the other side, in both directions. */
type SameMembers<Accepted, Stated> = [keyof Accepted, keyof Stated] extends [keyof Stated, keyof Accepted]
  ? true
  : 'the members differ';

type Action = NewFault['do'];
type NamesOf<Union> = Union extends unknown ? keyof Union : never;

test('the types of the testing API are those of the control API', () => {
  // `npm run check:types` is what fails.
  const answers: readonly true[] = [
    true satisfies InferOutput<typeof startedScenarioShape> extends StartedScenario ? true : false,
    true satisfies Answers<InferOutput<typeof advancedShape>, Advanced>,
    true satisfies Answers<InferOutput<typeof clientShape>, WorldClient>,
    true satisfies Answers<InferOutput<typeof clockShape>, ClockState>,
    true satisfies Answers<InferOutput<typeof grantShape>, GrantState>,
    true satisfies Answers<InferOutput<typeof holdsShape>, Holds>,
    true satisfies Answers<InferOutput<typeof requestShape>, WorldRequest>,
    true satisfies SameMembers<InferOutput<typeof faultShape>, FaultState>,
  ];
  const inputs: readonly true[] = [
    true satisfies SameMembers<InferInput<typeof newGrant>, NewGrant>,
    true satisfies SameMembers<InferInput<typeof newWorld>, WorldOptions>,
    true satisfies SameMembers<Omit<InferInput<typeof newFault>, 'scenario'>, NewFault>,
    true satisfies SameMembers<NonNullable<InferInput<typeof newFault>['on']>, NonNullable<NewFault['on']>>,
    true satisfies NamesOf<InferInput<typeof newFault>['do']> extends NamesOf<Action> ? true : false,
  ];
  assert.ok([...answers, ...inputs].every(Boolean));
});

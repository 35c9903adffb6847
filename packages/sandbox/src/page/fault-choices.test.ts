import assert from 'node:assert/strict';
import test from 'node:test';
import { FAULT_ACTIONS } from '../faults/fault.ts';
import { parseFault } from '../faults/parse-fault.ts';
import type { NewFault } from '../faults/fault.ts';
import { describeAction } from './describe-fault.ts';
import { FAULT_CHOICES } from './fault-choices.ts';

test('every fault that the form offers is one that can be armed, and is described in words', () => {
  for (const { name, action, value } of FAULT_CHOICES) {
    const parsed = parseFault({ do: action(value?.usual ?? '') as NewFault['do'] });
    assert.doesNotMatch(describeAction(parsed.do), /[{}]/, name);
  }
});

test('every kind of action is offered', () => {
  const offered = new Set(FAULT_CHOICES.flatMap(({ action }) => Object.keys(action('1') as object)));
  assert.deepEqual(
    Object.keys(FAULT_ACTIONS).filter((name) => !offered.has(name)),
    [],
  );
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findClockFault } from './clock-fault.ts';
import type { ClockFault } from './clock-fault.ts';
import { CREATED_AT, GRANT, ROTATED_AT_MS } from './judge.cases.ts';

const FAULTS: readonly {
  name: string;
  rotatedAtMs: readonly number[];
  nowMs: number;
  fault: ClockFault | undefined;
}[] = [
  { name: 'a rotation in the past', rotatedAtMs: [ROTATED_AT_MS], nowMs: ROTATED_AT_MS, fault: undefined },
  {
    name: 'a rotation as far ahead as the clocks of nodes may differ',
    rotatedAtMs: [ROTATED_AT_MS],
    nowMs: ROTATED_AT_MS - 5000,
    fault: undefined,
  },
  {
    name: 'a rotation further ahead',
    rotatedAtMs: [ROTATED_AT_MS],
    nowMs: ROTATED_AT_MS - 5001,
    fault: { kind: 'future_row', byMs: 5001 },
  },
  {
    name: 'a creation in the future',
    rotatedAtMs: [],
    nowMs: CREATED_AT * 1000 - 6000,
    fault: { kind: 'future_row', byMs: 6000 },
  },
  {
    name: 'a rotation long before the creation of its grant',
    rotatedAtMs: [CREATED_AT * 1000 - 70 * 86_400_000],
    nowMs: ROTATED_AT_MS,
    fault: { kind: 'past_row', byMs: 70 * 86_400_000 },
  },
  { name: 'a grant that was never refreshed', rotatedAtMs: [], nowMs: ROTATED_AT_MS, fault: undefined },
];

test('an imported token, issued elsewhere before its grant was created, is no clock fault', () => {
  const rotatedAtMs = [CREATED_AT * 1000 - 70 * 86_400_000];
  assert.equal(findClockFault({ ...GRANT, generation: 0, rotatedAtMs }, ROTATED_AT_MS), undefined);
});

for (const { name, rotatedAtMs, nowMs, fault } of FAULTS)
  test(`${name} is ${fault === undefined ? 'no clock fault' : `a clock fault: ${fault.kind}`}`, () =>
    assert.deepEqual(findClockFault({ ...GRANT, rotatedAtMs }, nowMs), fault));

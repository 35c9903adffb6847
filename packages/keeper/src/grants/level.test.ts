import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { planMoves } from './level.ts';
import type { Move } from './level.ts';

const applyTo = (counts: readonly number[], moves: readonly Move[]): readonly number[] => {
  const after = [...counts];
  for (const { from, to, grants } of moves) {
    after[from] = (after[from] ?? 0) - grants;
    after[to] = (after[to] ?? 0) + grants;
  }
  return after;
};

const sum = (numbers: readonly number[]): number => numbers.reduce((one, other) => one + other, 0);

describe('levelling', () => {
  const cases: readonly (readonly [string, readonly number[], number, readonly number[]])[] = [
    ['what fits stays', [5, 5, 5], 5, [5, 5, 5]],
    ['a peak goes to the nearest earlier steps', [0, 0, 3, 12, 0], 5, [0, 5, 5, 5, 0]],
    ['two peaks share the room before them', [1, 9, 0, 9], 5, [5, 5, 4, 5]],
    ['nothing is moved to a later step', [20, 0, 0], 5, [20, 0, 0]],
    ['what fits nowhere stays', [5, 9], 5, [5, 9]],
    ['a part of what fits nowhere stays', [4, 9], 5, [5, 8]],
    ['no steps', [], 5, []],
  ];
  for (const [name, counts, capacity, expected] of cases)
    it(name, () => assert.deepEqual(applyTo(counts, planMoves(counts, capacity)), expected));

  it('loses no grant, moves none to a later step, and leaves no peak after a step with room', () => {
    const steps = fc.array(fc.nat(50), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 40 }), (counts, capacity) => {
        const moves = planMoves(counts, capacity);
        const after = applyTo(counts, moves);
        assert.equal(sum(after), sum(counts));
        assert.ok(moves.every(({ from, to, grants }) => to < from && grants > 0));
        for (const [step, count] of after.entries()) {
          assert.ok(count >= 0 && count <= Math.max(capacity, counts[step] ?? 0));
          const hasRoomBefore = after.slice(0, step).some((earlier) => earlier < capacity);
          assert.ok(count <= capacity || !hasRoomBefore);
        }
      }),
    );
  });
});

import assert from 'node:assert/strict';
import { exitCodeOf } from '@keyfob/sandbox/grade';
import type { Scorecard } from '@keyfob/sandbox/grade';

/**
 * Asserts that nothing is to be improved, and that grants were lost in these scenarios only, where nobody can keep them.
 * `uncertain`: whether those are among them is a matter of microseconds.
 */
export const assertFullScore = (
  card: Scorecard,
  unavoidable: readonly string[],
  uncertain: readonly string[] = [],
): void => {
  const { totals, scenarios } = card;
  assert.equal(card.neverWorked, undefined);
  assert.deepEqual(
    scenarios.filter(({ findings, outcome }) => findings.length > 0 || outcome === 'lost_avoidably'),
    [],
  );
  assert.equal(totals.flawless, totals.scenarios);
  const lost = scenarios
    .filter(({ name, outcome }) => outcome === 'lost_unavoidably' && !uncertain.includes(name))
    .map(({ name }) => name);
  assert.deepEqual(lost.sort(), unavoidable.toSorted());
  assert.equal(exitCodeOf(card, true), 0);
};

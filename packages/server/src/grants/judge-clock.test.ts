import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { applyVerdict } from './apply-verdict.ts';
import { currentIssuedAtMs } from './grant.ts';
import type { Grant } from './grant.ts';
import {
  CALLER,
  CREATED_AT,
  GENERATION,
  GRANT,
  HOUR_MS,
  POLICY,
  ROTATE,
  ROTATED_AT_MS,
  ROTATIONS,
  UNTIL_30_S_AFTER_ROTATION,
  YEAR_MS,
  judgeCases,
  present,
  refuse,
  repeat,
  replay,
} from './judge.cases.ts';
import { judge } from './judge.ts';
import type { Verdict } from './judge.ts';

// A clock that jumps.
judgeCases([
  {
    name: 'a clock set back a year does not keep the current token from being rotated',
    presented: present(GENERATION),
    afterMs: -YEAR_MS,
    verdict: ROTATE,
  },
  {
    name: 'a clock set back a year counts as standing still for the overlap',
    presented: present(GENERATION - 1),
    afterMs: -YEAR_MS,
    verdict: repeat('overlap'),
  },
  {
    name: 'a clock set back a year counts as standing still for the race',
    presented: present(GENERATION - 1),
    afterMs: -YEAR_MS,
    policy: { rotation: 'strict' },
    verdict: refuse('concurrent_use'),
  },
  {
    name: 'a clock set back a year does not make a replay of a use of unknown age',
    presented: present(GENERATION - 1),
    afterMs: -YEAR_MS,
    policy: { rotation: 'strict', raceSeconds: 0 },
    verdict: refuse('concurrent_use'),
  },
  {
    name: 'a clock set back to before the creation of the grant does not expire it',
    presented: present(GENERATION),
    afterMs: -86_400_001,
    policy: UNTIL_30_S_AFTER_ROTATION,
    verdict: ROTATE,
  },
  {
    name: 'a clock set forward ten years expires the current token',
    presented: present(GENERATION),
    afterMs: 10 * YEAR_MS,
    verdict: refuse('expired'),
  },
  {
    name: 'a clock set forward ten years does not make a replay of a predecessor',
    presented: present(GENERATION - 1),
    afterMs: 10 * YEAR_MS,
    verdict: refuse('expired'),
  },
]);

const DAY_MS = 24 * HOUR_MS;
const TWICE = { rotatedAtMs: [ROTATED_AT_MS + 2 * HOUR_MS, ROTATED_AT_MS + 2 * HOUR_MS] };
/** The clock was behind, and jumped forward a second after the last rotation. */
const jumped = (byMs: number) => ({ beforeMs: ROTATED_AT_MS + byMs + 1000, byMs });
/** Another clock may be behind by so much. */
const skewed = (byMs: number) => ({ beforeMs: Infinity, byMs });

// A clock that was ahead, and one that jumps forward: what happened before may be younger than it looks.
judgeCases([
  {
    name: 'an earlier token whose use a clock far ahead recorded is refused, because its age is unknown',
    grant: TWICE,
    presented: present(GENERATION - 2),
    afterMs: 0,
    verdict: refuse('concurrent_use'),
  },
  {
    name: 'an earlier token whose use a clock far ahead recorded is repeated within its overlap of the jump back',
    grant: TWICE,
    presented: present(GENERATION - 2),
    afterMs: 59_999,
    doubt: { beforeMs: ROTATED_AT_MS, byMs: 0 },
    verdict: repeat('overlap'),
  },
  {
    name: 'a token whose use a clock far ahead recorded is refused once the jump back is as old as its overlap',
    grant: TWICE,
    presented: present(GENERATION - 1),
    afterMs: 60_000,
    doubt: { beforeMs: ROTATED_AT_MS, byMs: 0 },
    verdict: refuse('concurrent_use'),
  },
  {
    name: 'a retry one second after the clock was set right is repeated, though its first use looks long ago',
    presented: present(GENERATION - 1),
    afterMs: 300_000 + 2000,
    doubt: jumped(300_000),
    verdict: repeat('overlap'),
  },
  {
    name: 'a retry one second after the clock was set right is a race under rotation strict',
    presented: present(GENERATION - 1),
    afterMs: 300_000 + 2000,
    doubt: jumped(300_000),
    policy: { rotation: 'strict' },
    verdict: refuse('concurrent_use'),
  },
  {
    name: 'what happened before a jump is at least as old as the jump',
    presented: present(GENERATION - 1),
    afterMs: 300_000 + 71_000,
    doubt: jumped(300_000),
    verdict: replay(1),
  },
  {
    name: 'a first use at a node that is 70 seconds behind is repeated as with equal clocks',
    presented: present(GENERATION - 1),
    afterMs: 70_000 + 59_999,
    doubt: skewed(70_000),
    verdict: repeat('overlap'),
  },
  {
    name: 'a first use at a node that may be 70 seconds behind is a replay once its overlap and race are certainly over',
    presented: present(GENERATION - 1),
    afterMs: 70_000 + 70_000,
    doubt: skewed(70_000),
    verdict: replay(1),
  },
  {
    name: 'a lifetime that only a jump ended is not over',
    presented: present(GENERATION),
    afterMs: 40 * DAY_MS,
    doubt: jumped(40 * DAY_MS - 2000),
    verdict: ROTATE,
  },
  {
    name: 'a lifetime that began before a jump ends when the jump is as old',
    presented: present(GENERATION),
    afterMs: 40 * DAY_MS + 1000 + HOUR_MS,
    doubt: jumped(40 * DAY_MS),
    verdict: refuse('expired'),
  },
  {
    name: 'the absolute end of a grant is not reached by a jump',
    presented: present(GENERATION),
    afterMs: 40 * DAY_MS,
    doubt: jumped(40 * DAY_MS - 2000),
    policy: UNTIL_30_S_AFTER_ROTATION,
    verdict: ROTATE,
  },
  {
    name: 'a rotation before the creation of its grant, which a wrong clock recorded, ends no lifetime',
    grant: { rotatedAtMs: [CREATED_AT * 1000 - 70 * DAY_MS] },
    presented: present(GENERATION),
    afterMs: HOUR_MS - 1 - DAY_MS,
    verdict: ROTATE,
  },
]);

void test('a grant goes on after a refresh by a clock that is 70 days behind', () => {
  const policy = { ...POLICY, refreshTokenLifetimeSeconds: 60 * 86_400 };
  for (const before of [GRANT, { ...GRANT, generation: 0, rotatedAtMs: [] }]) {
    const presented = present(before.generation);
    const nowMs = ROTATED_AT_MS - 70 * DAY_MS;
    const use = { presented, nowMs, doubt: undefined, keyNumber: 1, caller: CALLER };
    const after = applyVerdict(before, judge(before, presented, use, policy), use);
    assert.equal(currentIssuedAtMs(after), currentIssuedAtMs(before));
    const next = judge(
      after,
      present(before.generation + 1),
      { nowMs: ROTATED_AT_MS + HOUR_MS, doubt: undefined },
      policy,
    );
    assert.deepEqual(next, ROTATE);
  }
});

void test('a token that a clock set forward had expired works again once the clock is right', () => {
  const far = judge(
    GRANT,
    present(GENERATION),
    { nowMs: ROTATED_AT_MS + 10 * YEAR_MS, doubt: undefined },
    POLICY,
  );
  const after = applyVerdict(GRANT, far, {
    presented: present(GENERATION),
    nowMs: ROTATED_AT_MS + 10 * YEAR_MS,
    keyNumber: 1,
    caller: CALLER,
  });
  assert.deepEqual(
    judge(after, present(GENERATION), { nowMs: ROTATED_AT_MS + 1000, doubt: undefined }, POLICY),
    ROTATE,
  );
});

/**
 * A grant whose last rotations a wrong clock recorded, and as a right one would have recorded them. The clock was ahead by
 * `aheadMs` (or behind, if negative) until it was set right, `sinceJumpMs` ago.
 */
const wrongClocks = fc
  .record({
    aheadMs: fc.oneof(
      fc.constantFrom(-70 * DAY_MS, -300_000, 300_000, 40 * DAY_MS),
      fc.integer({ min: -1_000_000, max: 1_000_000 }),
    ),
    gapsMs: fc.array(fc.integer({ min: 0, max: 120_000 }), { minLength: 1, maxLength: 5 }),
    sinceJumpMs: fc.integer({ min: 0, max: 120_000 }),
    isJumpBackKnown: fc.boolean(),
  })
  .map(({ aheadMs, gapsMs, sinceJumpMs, isJumpBackKnown }) => {
    const jumpedAtMs = ROTATED_AT_MS;
    let right: Grant = { ...GRANT, rotatedAtMs: [ROTATED_AT_MS - 2_000_000] };
    let wrong = right;
    let atMs = jumpedAtMs - gapsMs.reduce((sum, gap) => sum + gap, 0);
    for (const gapMs of gapsMs) {
      const use = { presented: present(right.generation), keyNumber: 1, caller: CALLER };
      right = applyVerdict(right, ROTATE, { ...use, nowMs: atMs });
      wrong = applyVerdict(wrong, ROTATE, { ...use, nowMs: atMs + aheadMs });
      atMs += gapMs;
    }
    const doubt = { beforeMs: jumpedAtMs, byMs: Math.max(0, -aheadMs) };
    const now = {
      nowMs: jumpedAtMs + sinceJumpMs,
      doubt: aheadMs < 0 || isJumpBackKnown ? doubt : undefined,
    };
    return { right, wrong, now };
  });

const POLICIES = fc
  .record({
    rotation: fc.constantFrom(...ROTATIONS),
    overlapSeconds: fc.integer({ min: 0, max: 120 }),
    raceSeconds: fc.integer({ min: 0, max: 120 }),
    refreshTokenLifetimeSeconds: fc.constantFrom(3600, 60 * 86_400),
    grantLifetimeSeconds: fc.constantFrom(null, 86_400 + 3600),
  })
  .map((fields) => ({ ...POLICY, ...fields }));

const isHarmful = (verdict: Verdict): boolean =>
  verdict.kind === 'replay' || (verdict.kind === 'refuse' && verdict.reason === 'expired');

void test('a clock that was wrong ends no grant that a right clock would not have ended', () => {
  fc.assert(
    fc.property(wrongClocks, POLICIES, fc.nat({ max: 8 }), ({ right, wrong, now }, policy, gap) => {
      const presented = present(Math.max(0, right.generation - gap));
      if (isHarmful(judge(wrong, presented, now, policy)))
        assert.ok(isHarmful(judge(right, presented, { nowMs: now.nowMs, doubt: undefined }, policy)));
    }),
    { numRuns: 3000 },
  );
});

void test('a clock that was wrong costs no honest retry: what a right clock repeats or rotates, it does too', () => {
  fc.assert(
    fc.property(wrongClocks, POLICIES, fc.nat({ max: 1 }), ({ right, wrong, now }, policy, gap) => {
      const presented = present(right.generation - gap);
      const expected = judge(right, presented, { nowMs: now.nowMs, doubt: undefined }, policy);
      if (expected.kind === 'repeat' || expected.kind === 'rotate')
        assert.deepEqual(judge(wrong, presented, now, policy), expected);
    }),
    { numRuns: 3000 },
  );
});

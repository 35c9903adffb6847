import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { Now } from '../clock.ts';
import { firstUseOf, leastAgeOf, rememberRotation, ROTATIONS_MAX } from './rotation-history.ts';
import type { FirstUse, RotationHistory } from './rotation-history.ts';

const NOW_MS = 1_750_000_000_000;

const exactly = (atMs: number): FirstUse => ({ atMs, isExact: true });
const atTheLatest = (atMs: number): FirstUse => ({ atMs, isExact: false });
const full = (first: number): number[] => Array.from({ length: ROTATIONS_MAX }, (_, index) => first + index);

const FIRST_USES: readonly {
  name: string;
  history: RotationHistory;
  gap: number;
  firstUse: FirstUse | undefined;
}[] = [
  { name: 'nothing is known before the first rotation', history: [], gap: 1, firstUse: undefined },
  {
    name: 'the predecessor was first used at the last rotation',
    history: [11, 22],
    gap: 1,
    firstUse: exactly(22),
  },
  {
    name: 'its own predecessor was first used at the rotation before',
    history: [11, 22],
    gap: 2,
    firstUse: exactly(11),
  },
  {
    name: 'rotations missing from a short history are no later than its oldest moment',
    history: [11, 22],
    gap: 3,
    firstUse: atTheLatest(11),
  },
  {
    name: 'a lost moment is no later than the next known one',
    history: [11, 0, 0, 44],
    gap: 2,
    firstUse: atTheLatest(44),
  },
  {
    name: 'the next known moment is the nearest, not the last',
    history: [0, 22, 33],
    gap: 3,
    firstUse: atTheLatest(22),
  },
  {
    name: 'a moment before a lost one is still known',
    history: [11, 0, 33],
    gap: 3,
    firstUse: exactly(11),
  },
  {
    name: 'the oldest moment of a full history is known',
    history: full(100),
    gap: ROTATIONS_MAX,
    firstUse: exactly(100),
  },
  {
    name: 'rotations missing from a full history are no later than its oldest moment',
    history: full(100),
    gap: ROTATIONS_MAX + 1,
    firstUse: atTheLatest(100),
  },
  {
    name: 'rotations missing from a full history are no later than its oldest known moment',
    history: [0, 0, ...full(100).slice(2)],
    gap: 5000,
    firstUse: atTheLatest(102),
  },
];

for (const { name, history, gap, firstUse } of FIRST_USES) {
  void test(name, () => {
    assert.deepEqual(firstUseOf(history, gap), firstUse);
  });
}

const MEMORIES: readonly { name: string; history: RotationHistory; lost?: number; after: RotationHistory }[] =
  [
    { name: 'the first rotation is remembered', history: [], after: [NOW_MS] },
    {
      name: 'a rotation is remembered after those before it',
      history: [NOW_MS - 2, NOW_MS - 1],
      after: [NOW_MS - 2, NOW_MS - 1, NOW_MS],
    },
    {
      name: 'two rotations in one millisecond are both remembered',
      history: [NOW_MS],
      after: [NOW_MS, NOW_MS],
    },
    {
      name: 'a rotation is remembered however long ago it was',
      history: [NOW_MS - 86_400_000, NOW_MS - 1],
      after: [NOW_MS - 86_400_000, NOW_MS - 1, NOW_MS],
    },
    {
      name: 'lost rotations are remembered as unknown',
      history: [NOW_MS - 1],
      lost: 2,
      after: [NOW_MS - 1, 0, 0, NOW_MS],
    },
    {
      name: 'a full history drops its oldest moment',
      history: full(NOW_MS - 1000),
      after: [...full(NOW_MS - 1000).slice(1), NOW_MS],
    },
    {
      name: 'more lost rotations than there is room for fill the history',
      history: full(NOW_MS - 1000),
      lost: 1_000_000,
      after: [...Array<number>(ROTATIONS_MAX - 1).fill(0), NOW_MS],
    },
    {
      name: 'a rotation under a clock that was set back is not earlier than the one before',
      history: [NOW_MS - 1000, NOW_MS + 5000],
      after: [NOW_MS - 1000, NOW_MS + 5000, NOW_MS + 5000],
    },
    {
      name: 'a rotation after lost ones under a clock that was set back is not earlier than the newest known',
      history: [NOW_MS + 5000],
      lost: 1,
      after: [NOW_MS + 5000, 0, NOW_MS + 5000],
    },
  ];

for (const { name, history, lost, after } of MEMORIES) {
  void test(name, () => {
    const before = Object.freeze([...history]);
    assert.deepEqual(rememberRotation(before, NOW_MS, lost), after);
    assert.deepEqual(before, history);
  });
}

void test('however many rotations there are, the history keeps its limit and its order', () => {
  const rotations = fc.array(
    fc.tuple(fc.integer({ min: 1, max: 2 ** 42 }), fc.oneof(fc.constant(0), fc.nat({ max: 2000 }))),
    { minLength: 1, maxLength: 100 },
  );
  fc.assert(
    fc.property(rotations, (sequence) => {
      let history: RotationHistory = [];
      for (const [nowMs, lost] of sequence) {
        history = rememberRotation(history, nowMs, lost);
        assert.ok(history.length <= ROTATIONS_MAX);
        const newest = Math.max(...history, nowMs);
        assert.deepEqual(firstUseOf(history, 1), exactly(newest));
        const known = history.filter((atMs) => atMs > 0);
        assert.deepEqual(
          known,
          known.toSorted((a, b) => a - b),
        );
      }
    }),
  );
});

const NOW = { nowMs: NOW_MS, doubt: undefined };
/** A clock that jumped forward 10 minutes, a second ago. */
const JUMPED = { nowMs: NOW_MS, doubt: { beforeMs: NOW_MS - 1000, byMs: 600_000 } };

const AGES: readonly { name: string; use: FirstUse; now: Now; leastMs: number; isKnown: boolean }[] = [
  { name: 'certain', use: exactly(NOW_MS - 5), now: NOW, leastMs: 5, isKnown: true },
  { name: 'bounded', use: atTheLatest(NOW_MS - 5), now: NOW, leastMs: 5, isKnown: false },
  {
    name: 'that of a clock that stands still, where it was a quarter of an hour ahead',
    use: exactly(NOW_MS + 900_000),
    now: NOW,
    leastMs: 0,
    isKnown: true,
  },
  {
    name: 'unknown where a clock was further ahead',
    use: exactly(NOW_MS + 900_001),
    now: NOW,
    leastMs: 0,
    isKnown: false,
  },
  {
    name: 'at least that of the jump, where a clock was further ahead before it',
    use: exactly(NOW_MS + 900_001),
    now: JUMPED,
    leastMs: 1000,
    isKnown: true,
  },
  {
    name: 'less by the jump, for a use before it',
    use: exactly(NOW_MS - 605_000),
    now: JUMPED,
    leastMs: 5000,
    isKnown: true,
  },
  {
    name: 'at least that of the jump, for a use just before it',
    use: exactly(NOW_MS - 5000),
    now: JUMPED,
    leastMs: 1000,
    isKnown: true,
  },
  {
    name: 'certain for a use after the jump',
    use: exactly(NOW_MS - 9),
    now: JUMPED,
    leastMs: 9,
    isKnown: true,
  },
  {
    name: 'bounded by the jump, for a use that was not later than a moment after it',
    use: atTheLatest(NOW_MS - 9),
    now: JUMPED,
    leastMs: 9,
    isKnown: false,
  },
];

for (const { name, use, now, leastMs, isKnown } of AGES)
  void test(`the age of a use is ${name}`, () => {
    assert.deepEqual(leastAgeOf(use, now), { sinceFirstUseMs: leastMs, isKnown });
  });

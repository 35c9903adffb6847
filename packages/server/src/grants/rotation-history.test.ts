import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { OVERLAP_MAX_SECONDS } from '../clients/policy.ts';
import { ROTATIONS_MAX, firstUseOf, rememberRotation } from './rotation-history.ts';
import type { FirstUse, RotationHistory } from './rotation-history.ts';

const NOW_MS = 1_750_000_000_000;
const OVERLAP_MAX_MS = OVERLAP_MAX_SECONDS * 1000;

const exactly = (atMs: number): FirstUse => ({ atMs, isExact: true });
const atTheLatest = (atMs: number): FirstUse => ({ atMs, isExact: false });
const full = (first: number): number[] => Array.from({ length: ROTATIONS_MAX }, (_, index) => first + index);

const FIRST_USES: readonly {
  name: string;
  history: RotationHistory;
  gap: number;
  firstUse: FirstUse;
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
    name: 'rotations missing from a short history are older than any overlap',
    history: [11, 22],
    gap: 3,
    firstUse: undefined,
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
  {
    name: 'rotations missing from a history with room for one more are older than any overlap',
    history: full(100).slice(1),
    gap: ROTATIONS_MAX,
    firstUse: undefined,
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
      name: 'a rotation as old as the longest overlap is remembered',
      history: [NOW_MS - OVERLAP_MAX_MS],
      after: [NOW_MS - OVERLAP_MAX_MS, NOW_MS],
    },
    {
      name: 'the rotation before is always remembered',
      history: [NOW_MS - OVERLAP_MAX_MS - 1],
      after: [NOW_MS - OVERLAP_MAX_MS - 1, NOW_MS],
    },
    {
      name: 'a rotation older than the longest overlap is forgotten',
      history: [NOW_MS - OVERLAP_MAX_MS - 2, NOW_MS - 1],
      after: [NOW_MS - 1, NOW_MS],
    },
    {
      name: 'lost rotations are remembered as unknown',
      history: [NOW_MS - 1],
      lost: 2,
      after: [NOW_MS - 1, 0, 0, NOW_MS],
    },
    {
      name: 'lost rotations outlast an older one that is forgotten',
      history: [NOW_MS - OVERLAP_MAX_MS - 2, 0, NOW_MS - 1],
      lost: 2,
      after: [0, NOW_MS - 1, 0, 0, NOW_MS],
    },
    {
      name: 'lost rotations are forgotten with the known one that followed them',
      history: [0, 0, NOW_MS - OVERLAP_MAX_MS - 2, NOW_MS - 1],
      after: [NOW_MS - 1, NOW_MS],
    },
    {
      name: 'lost rotations stay as long as the known one that followed them',
      history: [0, 0, NOW_MS - OVERLAP_MAX_MS],
      after: [0, 0, NOW_MS - OVERLAP_MAX_MS, NOW_MS],
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
      name: 'a rotation under a clock that was set back is remembered by that clock',
      history: [NOW_MS + 5000],
      after: [NOW_MS + 5000, NOW_MS],
    },
    {
      name: 'one rotation under a clock that is far ahead forgets nothing recent',
      history: [NOW_MS - 10 * OVERLAP_MAX_MS - 1000, NOW_MS - 10 * OVERLAP_MAX_MS],
      after: [NOW_MS - 10 * OVERLAP_MAX_MS - 1000, NOW_MS - 10 * OVERLAP_MAX_MS, NOW_MS],
    },
    {
      name: 'the first rotation once the clock is right again forgets nothing recent either',
      history: [NOW_MS - 2000, NOW_MS - 1000, NOW_MS + 10 * OVERLAP_MAX_MS],
      after: [NOW_MS - 2000, NOW_MS - 1000, NOW_MS + 10 * OVERLAP_MAX_MS, NOW_MS],
    },
  ];

for (const { name, history, lost, after } of MEMORIES) {
  void test(name, () => {
    const before = Object.freeze([...history]);
    assert.deepEqual(rememberRotation(before, NOW_MS, lost), after);
    assert.deepEqual(before, history);
  });
}

void test('an older use is of unknown age where the moments are out of order', () => {
  assert.deepEqual(firstUseOf([NOW_MS + 86_400_000, NOW_MS], 3), { atMs: NOW_MS, isExact: false });
  assert.deepEqual(firstUseOf([NOW_MS, NOW_MS + 86_400_000], 3), undefined);
});

void test('however many rotations there are, the history keeps its limit and ends with the newest', () => {
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
        assert.deepEqual(firstUseOf(history, 1), exactly(nowMs));
      }
    }),
  );
});

void test('with a clock that only goes forward, no moment within the longest overlap is forgotten but by the cap', () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 200_000 }), { minLength: 1, maxLength: 80 }), (gaps) => {
      const moments: number[] = [];
      let history: RotationHistory = [];
      let nowMs = NOW_MS;
      for (const gapMs of gaps) {
        nowMs += gapMs;
        moments.push(nowMs);
        history = rememberRotation(history, nowMs);
        const before = moments.at(-2) ?? nowMs;
        const due = moments.filter((atMs) => atMs >= before - OVERLAP_MAX_MS).slice(-ROTATIONS_MAX);
        assert.deepEqual(history, due);
      }
    }),
  );
});

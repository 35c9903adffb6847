import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  behindOf,
  doubtOf,
  earliestOf,
  momentOf,
  readTimeline,
  startTimeline,
  trustTimeline,
} from './clock-timeline.ts';
import type { Timeline } from './clock-timeline.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
/** The true time at monotonic 0. */
const T = Date.UTC(2026, 0, 1);

/** A clock that is off by `offByMs` after so much time. */
type Step = { readonly afterMs: number; readonly offByMs: number };

const run = (seenAtMs: number | undefined, [first, ...steps]: readonly [Step, ...Step[]]) => {
  const readingAt = ({ afterMs, offByMs }: Step) => ({ wallMs: T + afterMs + offByMs, monotonicMs: afterMs });
  let timeline: Timeline = startTimeline(readingAt(first), seenAtMs);
  const jumps: number[] = [];
  let last = first;
  for (const step of steps) {
    const read = readTimeline(timeline, readingAt(step));
    timeline = read.timeline;
    if (read.jumpMs !== undefined) jumps.push(read.jumpMs);
    last = step;
  }
  return {
    timeline,
    jumps,
    /** By how much the moment that is used differs from the true time. */
    offByMs: momentOf(timeline, last.afterMs) - (T + last.afterMs),
    doubtByMs: doubtOf(timeline)?.byMs ?? 0,
  };
};

const CASES: readonly {
  readonly name: string;
  readonly seenAtMs?: number;
  readonly steps: readonly [Step, ...Step[]];
  readonly jumps?: readonly number[];
  readonly offByMs?: number;
  readonly doubtByMs?: number;
}[] = [
  {
    name: 'a step of two seconds is followed',
    steps: [
      { afterMs: 0, offByMs: 0 },
      { afterMs: 0, offByMs: 2000 },
    ],
    offByMs: 2000,
  },
  {
    name: 'a step of more forward is a jump, and what was before is in doubt',
    steps: [
      { afterMs: 0, offByMs: 0 },
      { afterMs: 0, offByMs: 2001 },
    ],
    jumps: [2001],
    offByMs: 2001,
    doubtByMs: 2001,
  },
  {
    name: 'a step of more back is a jump, and ages can only be too small',
    steps: [
      { afterMs: 0, offByMs: 0 },
      { afterMs: 0, offByMs: -2001 },
    ],
    jumps: [-2001],
    offByMs: -2001,
  },
  {
    name: 'a clock that is adjusted for a day without a reading has not jumped',
    steps: [
      { afterMs: 0, offByMs: 0 },
      { afterMs: DAY_MS, offByMs: 80_000 },
    ],
    offByMs: 80_000,
  },
  {
    name: 'a clock that jumps ahead is in doubt after an hour and after ten days',
    steps: [
      { afterMs: 0, offByMs: 0 },
      { afterMs: 1000, offByMs: 200 * DAY_MS },
      { afterMs: HOUR_MS, offByMs: 200 * DAY_MS },
      { afterMs: 10 * DAY_MS, offByMs: 200 * DAY_MS },
    ],
    jumps: [200 * DAY_MS],
    offByMs: 200 * DAY_MS,
    doubtByMs: 200 * DAY_MS,
  },
  {
    name: 'a clock that jumps ahead and steps back is settled',
    steps: [
      { afterMs: 0, offByMs: 0 },
      { afterMs: 1000, offByMs: 200 * DAY_MS },
      { afterMs: HOUR_MS, offByMs: 0 },
    ],
    jumps: [200 * DAY_MS, -200 * DAY_MS],
  },
  {
    name: 'a doubt of two days is one until two days have passed',
    steps: [
      { afterMs: 0, offByMs: 0 },
      { afterMs: 1000, offByMs: 2 * DAY_MS },
      { afterMs: 999 + 2 * DAY_MS, offByMs: 2 * DAY_MS },
    ],
    jumps: [2 * DAY_MS],
    offByMs: 2 * DAY_MS,
    doubtByMs: 2 * DAY_MS,
  },
  {
    name: 'a doubt of two days settles after two days',
    steps: [
      { afterMs: 0, offByMs: 0 },
      { afterMs: 1000, offByMs: 2 * DAY_MS },
      { afterMs: 1000 + 2 * DAY_MS, offByMs: 2 * DAY_MS },
    ],
    jumps: [2 * DAY_MS],
    offByMs: 2 * DAY_MS,
  },
  {
    name: 'a server that starts 70 days behind goes on from the newest moment of the store',
    seenAtMs: T - HOUR_MS,
    steps: [{ afterMs: 0, offByMs: -70 * DAY_MS }],
    offByMs: -HOUR_MS,
  },
  {
    name: 'the same server is in doubt by its stop once the clock is set right',
    seenAtMs: T - HOUR_MS,
    steps: [
      { afterMs: 0, offByMs: -70 * DAY_MS },
      { afterMs: MINUTE_MS, offByMs: 0 },
    ],
    jumps: [70 * DAY_MS],
    doubtByMs: HOUR_MS,
  },
  {
    name: 'a first server that starts 70 days behind is in doubt once the clock is set right',
    steps: [
      { afterMs: 0, offByMs: -70 * DAY_MS },
      { afterMs: MINUTE_MS, offByMs: 0 },
    ],
    jumps: [70 * DAY_MS],
    doubtByMs: 70 * DAY_MS,
  },
  {
    name: 'a first server that has run for ten minutes goes on when its clock falls 70 days behind',
    steps: [
      { afterMs: 0, offByMs: 0 },
      { afterMs: 10 * MINUTE_MS, offByMs: 0 },
      { afterMs: HOUR_MS, offByMs: -70 * DAY_MS },
    ],
    jumps: [-70 * DAY_MS],
  },
  {
    name: 'a first server whose clock is set back soon after its start follows it',
    steps: [
      { afterMs: 0, offByMs: 9 * HOUR_MS },
      { afterMs: MINUTE_MS, offByMs: 0 },
    ],
    jumps: [-9 * HOUR_MS],
  },
  {
    name: 'a clock behind the store by an hour or less is followed',
    seenAtMs: T + HOUR_MS,
    steps: [{ afterMs: 0, offByMs: 0 }],
  },
  {
    name: 'a server that starts 200 days after the newest moment of the store is in doubt',
    seenAtMs: T,
    steps: [{ afterMs: 0, offByMs: 200 * DAY_MS }],
    offByMs: 200 * DAY_MS,
    doubtByMs: 200 * DAY_MS,
  },
  {
    name: 'a stop of a quarter of an hour leaves no doubt',
    seenAtMs: T - 15 * MINUTE_MS,
    steps: [{ afterMs: 0, offByMs: 0 }],
  },
  {
    name: 'a server that starts ahead of the store is settled when the clock steps back',
    seenAtMs: T - 5 * MINUTE_MS,
    steps: [
      { afterMs: 0, offByMs: 70 * DAY_MS },
      { afterMs: MINUTE_MS, offByMs: 0 },
    ],
    jumps: [-70 * DAY_MS],
    doubtByMs: 5 * MINUTE_MS,
  },
];

describe('the timeline of a clock', () => {
  for (const { name, seenAtMs, steps, jumps = [], offByMs = 0, doubtByMs = 0 } of CASES)
    test(name, () => {
      const found = run(seenAtMs, steps);
      assert.deepEqual(
        { jumps: found.jumps, offByMs: found.offByMs, doubtByMs: found.doubtByMs },
        { jumps, offByMs, doubtByMs },
      );
    });

  test('only what happened before the jump is in doubt', () => {
    const { timeline } = run(undefined, [
      { afterMs: 0, offByMs: 0 },
      { afterMs: 1000, offByMs: DAY_MS },
      { afterMs: 5000, offByMs: DAY_MS },
    ]);
    assert.deepEqual(doubtOf(timeline), { beforeMs: T + DAY_MS + 1000, byMs: DAY_MS });
    assert.equal(earliestOf(timeline, 5000), T + 5000);
  });

  test('a clock that an operator trusts is in no doubt and follows no store', () => {
    const { timeline } = run(T, [{ afterMs: 0, offByMs: -200 * DAY_MS }]);
    assert.equal(behindOf(timeline), 200 * DAY_MS);
    const trusted = trustTimeline(timeline);
    assert.equal(behindOf(trusted), undefined);
    assert.equal(momentOf(trusted, 0), T - 200 * DAY_MS);
  });

  test('what an inexact reading shows within its error is no difference', () => {
    const timeline = startTimeline({ wallMs: T, monotonicMs: 0 });
    const read = readTimeline(timeline, { wallMs: T + 40, monotonicMs: 0 }, 50);
    assert.equal(momentOf(read.timeline, 0), T);
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { joinTimelines, latestOf, readTimeline, startTimeline } from './timeline.ts';
import type { NotedTime, Timeline } from './timeline.ts';

const HOUR_MS = 3_600_000;
const START: Timeline = { offsetMs: 1_000_000, jumps: [] };

/** The timeline after the wall clock was set by so much, after so many milliseconds. */
const afterJump = (before: Timeline, monotonicMs: number, byMs: number): Timeline =>
  readTimeline(before, { wallMs: monotonicMs + before.offsetMs + byMs, monotonicMs });

describe('the time of a keeper', () => {
  it('goes on with the monotonic clock where the wall clock is put back, by seconds or by days', () => {
    for (const byMs of [-1, -2000, -HOUR_MS, -100 * 24 * HOUR_MS])
      assert.equal(afterJump(START, 500, byMs), START);
  });

  it('follows a clock that is adjusted, without a doubt', () => {
    assert.deepEqual(afterJump(START, 500, 900), { offsetMs: 1_000_900, jumps: [] });
  });

  it('follows a jump forward, and what was before may be younger by as much, never younger than the jump', () => {
    const { offsetMs, jumps } = afterJump(START, 500, HOUR_MS);
    assert.equal(offsetMs, START.offsetMs + HOUR_MS);
    const jumpedAtMs = START.offsetMs + 500 + HOUR_MS;
    assert.equal(latestOf(jumps, START.offsetMs + 200), jumpedAtMs - 300);
    assert.equal(latestOf(jumps, jumpedAtMs - 10), jumpedAtMs);
    assert.equal(latestOf(jumps, jumpedAtMs), jumpedAtMs);
    assert.equal(latestOf(jumps, jumpedAtMs + 10), jumpedAtMs + 10);
  });

  it('two jumps: each counts for what was stored before it', () => {
    const twice = afterJump(afterJump(START, 1000, 5000), 2000, HOUR_MS);
    const nowMs = twice.offsetMs + 2000;
    assert.equal(latestOf(twice.jumps, START.offsetMs + 400), nowMs - 1600);
    assert.equal(latestOf(twice.jumps, START.offsetMs + 1500 + 5000), nowMs - 500);
  });
});

describe('the time of a keeper that starts', () => {
  const noted: NotedTime = { ...START, boot: 'this', newestMs: START.offsetMs + 5000 };

  it('is that of the process before, where the machine was not started again', () => {
    const wallMs = 7000 + START.offsetMs - HOUR_MS;
    assert.deepEqual(startTimeline({ wallMs, monotonicMs: 7000 }, 'this', noted), START);
  });

  it('sees a jump that happened while nobody ran', () => {
    const wallMs = 7000 + START.offsetMs + HOUR_MS;
    const { jumps } = startTimeline({ wallMs, monotonicMs: 7000 }, 'this', noted);
    assert.deepEqual(jumps, [{ beforeMs: wallMs, byMs: HOUR_MS }]);
  });

  it('goes on from the newest noted moment, where another boot has a clock that is behind', () => {
    const wallMs = noted.newestMs - HOUR_MS;
    const { offsetMs } = startTimeline({ wallMs, monotonicMs: 10 }, 'another', noted);
    assert.equal(offsetMs + 10, noted.newestMs);
  });

  it('after another boot, all that time is in doubt', () => {
    const wallMs = noted.newestMs + HOUR_MS;
    const another = startTimeline({ wallMs, monotonicMs: 10 }, 'another', noted);
    const unknown = startTimeline({ wallMs, monotonicMs: 10 }, '', { ...noted, boot: '' });
    for (const { offsetMs, jumps } of [another, unknown]) {
      assert.deepEqual(jumps, [{ beforeMs: wallMs, byMs: HOUR_MS }]);
      assert.equal(offsetMs + 10, wallMs);
    }
  });

  it('takes over from another process what only that one has seen', () => {
    const ahead = afterJump(START, 500, HOUR_MS);
    assert.equal(joinTimelines(START, ahead), ahead);
    assert.equal(joinTimelines(ahead, START), ahead);
  });
});

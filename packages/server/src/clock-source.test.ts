import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createClockSource } from './clock-source.ts';
import type { ClockSourceContext } from './clock-source.ts';
import type { LogEvent } from './log-event.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const T = Date.UTC(2026, 0, 1);

/** A machine whose clock is off by `offByMs`, after `afterMs` on its monotonic clock. */
const machine = (
  options: Pick<ClockSourceContext, 'seenAtMs' | 'isTrusted'> & { databaseOffByMs?: number },
) => {
  const at = { afterMs: 0, offByMs: 0 };
  const events: LogEvent[] = [];
  const readingOf = (databaseOffByMs: number, roundTripMs = 2) => ({
    databaseMs: T + at.afterMs + databaseOffByMs,
    sentAtMs: at.afterMs - roundTripMs / 2,
    answeredAtMs: at.afterMs + roundTripMs / 2,
  });
  const { databaseOffByMs, ...more } = options;
  const start = (offByMs = 0) => {
    at.offByMs = offByMs;
    const time = createClockSource({
      wall: () => T + at.afterMs + at.offByMs,
      monotonic: () => at.afterMs,
      emit: (event) => events.push(event),
      database: databaseOffByMs === undefined ? undefined : readingOf(databaseOffByMs),
      ...more,
    });
    assert.deepEqual(events, [], 'nothing is reported before it is asked for');
    time.report();
    return time;
  };
  return { at, events, start, readingOf };
};

const truthAfter = ({ afterMs }: { readonly afterMs: number }) => T + afterMs;

describe('the source of time', () => {
  test('a jump is reported once, with what it puts in doubt, and its end too', () => {
    const { at, events, start } = machine({});
    const time = start();
    let jumps = 0;
    time.onJump(() => void jumps++);
    at.offByMs = 40 * DAY_MS;
    assert.equal(time.now(), T + 40 * DAY_MS);
    assert.deepEqual(time.doubt(), { beforeMs: T + 40 * DAY_MS, byMs: 40 * DAY_MS });
    assert.equal(time.earliest(), T);
    time.now();
    at.offByMs = 0;
    assert.equal(time.now(), T);
    assert.equal(time.doubt(), undefined);
    assert.equal(jumps, 2);
    assert.deepEqual(events, [
      { event: 'clock.jumped', direction: 'forward', byMs: 40 * DAY_MS, doubtMs: 40 * DAY_MS },
      { event: 'clock.jumped', direction: 'back', byMs: 40 * DAY_MS, doubtMs: 0 },
      { event: 'clock.settled', cause: 'stepped_back' },
    ]);
  });

  test('a start 200 days after the newest moment of the store is reported, and is in doubt', () => {
    const { events, start } = machine({ seenAtMs: T });
    const time = start(200 * DAY_MS);
    assert.equal(time.doubt()?.byMs, 200 * DAY_MS);
    assert.deepEqual(events, [{ event: 'clock.contradicted', direction: 'ahead', byMs: 200 * DAY_MS }]);
  });

  test('a start 70 days before the newest moment of the store is reported, and goes on from that moment', () => {
    const { at, events, start } = machine({ seenAtMs: T });
    const time = start(-70 * DAY_MS);
    at.afterMs = HOUR_MS;
    assert.equal(time.now(), truthAfter(at));
    assert.equal(time.skewMs(), -70 * DAY_MS);
    assert.deepEqual(events, [{ event: 'clock.contradicted', direction: 'behind', byMs: 70 * DAY_MS }]);
  });

  test('a clock that the operator trusts is taken as it is', () => {
    for (const offByMs of [200 * DAY_MS, -70 * DAY_MS]) {
      const { events, start } = machine({ seenAtMs: T, isTrusted: true });
      const time = start(offByMs);
      assert.equal(time.now(), T + offByMs);
      assert.equal(time.doubt(), undefined);
      assert.deepEqual(events, offByMs > 0 ? [{ event: 'clock.settled', cause: 'operator' }] : []);
    }
  });

  test('a node that is 70 seconds behind its database uses the time of the database', () => {
    const { at, events, start, readingOf } = machine({ databaseOffByMs: 0 });
    const time = start(-70_000);
    assert.equal(time.now(), truthAfter(at));
    at.afterMs = HOUR_MS;
    assert.equal(time.now(), truthAfter(at));
    time.noteDatabase(readingOf(0));
    assert.equal(time.now(), truthAfter(at));
    assert.equal(time.doubt(), undefined);
    assert.equal(time.isFarOff(), false);
    assert.deepEqual(events, [{ event: 'clock.skewed', direction: 'behind', byMs: 70_000 }]);
  });

  test('a node whose own clock jumps does not notice, beside its database', () => {
    const { at, start, readingOf } = machine({ databaseOffByMs: 0 });
    const time = start();
    at.offByMs = 40 * DAY_MS;
    at.afterMs = 5000;
    assert.equal(time.now(), truthAfter(at));
    time.noteDatabase(readingOf(0));
    assert.equal(time.now(), truthAfter(at));
    assert.equal(time.doubt(), undefined);
    assert.equal(time.isFarOff(), true);
  });

  test('a database that is 40 days ahead of the node is in doubt, until the two agree', () => {
    const { at, start, readingOf } = machine({ databaseOffByMs: 40 * DAY_MS });
    const time = start();
    assert.equal(time.isFarOff(), true);
    assert.deepEqual(time.doubt(), { beforeMs: T + 40 * DAY_MS, byMs: 40 * DAY_MS });
    at.afterMs = 5000;
    time.noteDatabase(readingOf(40 * DAY_MS));
    assert.equal(time.doubt()?.beforeMs, T + 40 * DAY_MS);
    time.noteDatabase(readingOf(0));
    assert.equal(time.now(), truthAfter(at));
    assert.equal(time.doubt(), undefined);
    assert.equal(time.isFarOff(), false);
  });

  test('a slow answer of the database moves the time by no more than it may be wrong', () => {
    const { at, start, readingOf } = machine({ databaseOffByMs: 0 });
    const time = start();
    time.noteDatabase(readingOf(400, 1000));
    assert.equal(time.now(), truthAfter(at));
  });

  test('a clock that tests move never jumps', () => {
    let nowMs = T;
    const clock = () => nowMs;
    const time = createClockSource({
      wall: clock,
      monotonic: clock,
      emit: () => assert.fail('an event is reported'),
    });
    nowMs += 90 * DAY_MS;
    assert.equal(time.now(), nowMs);
    assert.equal(time.doubt(), undefined);
  });
});

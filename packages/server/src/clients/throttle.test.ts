import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { BUCKETS_MAX } from './failure-buckets.ts';
import { createThrottle } from './throttle.ts';
import type { Throttle, ThrottleLimits } from './throttle.ts';

const NOW_MS = 1_750_000_000_123;
const DAY_MS = 86_400_000;
const LIMITS: ThrottleLimits = { failuresPerAddressMax: 3, failuresPerClientMax: 6, windowSeconds: 60 };
const HOME = '192.0.2.7';
const ELSEWHERE = '198.51.100.9';

type Who = readonly [clientId: string | undefined, address: string];

const attemptOf = ([clientId, address]: Who, afterMs = 0) => ({ address, clientId, nowMs: NOW_MS + afterMs });

/** Seconds to wait; 0 for none. */
const waitOf = (throttle: Throttle, who: Who, afterMs = 0): number =>
  throttle.judge(attemptOf(who, afterMs))?.retryAfterSeconds ?? 0;

const fail = (throttle: Throttle, who: Who, times: number, afterMs = 0): void => {
  for (let time = 0; time < times; time++) throttle.noteFailure(attemptOf(who, afterMs));
};

const APP: Who = ['app', HOME];

void test('the throttle lets exactly as many failures through as its limit', () => {
  const throttle = createThrottle(LIMITS);
  for (let failures = 0; failures < 3; failures++) {
    assert.equal(waitOf(throttle, APP), 0, `after ${failures}`);
    fail(throttle, APP, 1);
  }
  assert.equal(waitOf(throttle, APP), 20);
});

const REFILL: readonly (readonly [afterMs: number, waitSeconds: number])[] = [
  [0, 20],
  [1, 20],
  [999, 20],
  [1000, 19],
  [19_000, 1],
  [19_999, 1],
  [20_000, 0],
];

for (const [afterMs, waitSeconds] of REFILL) {
  void test(`${afterMs} ms after the limit is reached the wait is ${waitSeconds} s`, () => {
    const throttle = createThrottle(LIMITS);
    fail(throttle, APP, 3);
    assert.equal(waitOf(throttle, APP, afterMs), waitSeconds);
  });
}

void test('an attempt after the reported wait may fail once more, and the next one waits again', () => {
  const throttle = createThrottle(LIMITS);
  fail(throttle, APP, 3);
  for (let round = 1; round < 10; round++) {
    const afterMs = round * 20_000;
    assert.equal(waitOf(throttle, APP, afterMs - 1), 1);
    assert.equal(waitOf(throttle, APP, afterMs), 0);
    fail(throttle, APP, 1, afterMs);
    assert.equal(waitOf(throttle, APP, afterMs), 20);
  }
});

void test('after a whole window without a failure the throttle is empty again', () => {
  const throttle = createThrottle(LIMITS);
  fail(throttle, APP, 3);
  assert.equal(waitOf(throttle, APP, 60_000), 0);
  fail(throttle, APP, 2, 60_000);
  assert.equal(waitOf(throttle, APP, 60_000), 0);
  fail(throttle, APP, 1, 60_000);
  assert.equal(waitOf(throttle, APP, 60_000), 20);
});

void test('a throttled attempt is not counted as a failure, so retrying does not make the wait longer', () => {
  const throttle = createThrottle(LIMITS);
  fail(throttle, APP, 3);
  for (let afterMs = 0; afterMs < 20_000; afterMs += 100) assert.ok(waitOf(throttle, APP, afterMs) > 0);
  assert.equal(waitOf(throttle, APP, 20_000), 0);
});

const SAME: readonly (readonly [one: string, other: string, isSame: boolean])[] = [
  [HOME, ELSEWHERE, false],
  [HOME, '192.0.2.8', false],
  [HOME, `::ffff:${HOME}`, true],
  ['2001:db8:1:2::1', '2001:db8:1:2:dead:beef:dead:beef', true],
  ['2001:db8:1:2::1', '2001:db8:1:3::1', false],
];

for (const [one, other, isSame] of SAME) {
  void test(`failures at ${one} ${isSame ? 'throttle' : 'do not throttle'} ${other}, whichever the client`, () => {
    const throttle = createThrottle(LIMITS);
    fail(throttle, ['app', one], 2);
    fail(throttle, [undefined, one], 1);
    for (const clientId of ['app', 'another', undefined])
      assert.equal(waitOf(throttle, [clientId, other]) > 0, isSame);
  });
}

void test('guesses at one client from many addresses throttle that client at new addresses, and no other client', () => {
  const throttle = createThrottle(LIMITS);
  for (let host = 1; host <= 6; host++) {
    assert.equal(waitOf(throttle, ['app', `203.0.113.${host}`]), 0);
    fail(throttle, ['app', `203.0.113.${host}`], 1);
  }
  assert.equal(waitOf(throttle, ['app', ELSEWHERE]), 10);
  assert.equal(waitOf(throttle, ['another', ELSEWHERE]), 0);
  assert.equal(waitOf(throttle, [undefined, ELSEWHERE]), 0);
});

void test('where both buckets are full, the longer wait is reported', () => {
  const throttle = createThrottle(LIMITS);
  fail(throttle, ['app', '203.0.113.1'], 3);
  fail(throttle, ['app', '203.0.113.2'], 3);
  assert.equal(waitOf(throttle, ['app', ELSEWHERE]), 10);
  assert.equal(waitOf(throttle, ['app', '203.0.113.1']), 20);
});

void test('invented ids count against their address only', () => {
  const throttle = createThrottle({ ...LIMITS, failuresPerAddressMax: 0 });
  fail(throttle, [undefined, HOME], 100);
  assert.equal(waitOf(throttle, [undefined, HOME]), 0);
  assert.equal(waitOf(throttle, ['undefined', HOME]), 0);
});

void test('a failure is uncounted when another reading succeeds', () => {
  const throttle = createThrottle(LIMITS);
  for (let time = 0; time < 20; time++) {
    fail(throttle, APP, 1);
    throttle.takeBackFailure(attemptOf(APP));
  }
  assert.equal(waitOf(throttle, APP), 0);
  fail(throttle, APP, 2);
  assert.equal(waitOf(throttle, APP), 0);
});

const OFF: readonly (readonly [perAddress: number, perClient: number, wait: number])[] = [
  [0, 0, 0],
  [0, 6, 10],
  [6, 0, 10],
];

for (const [failuresPerAddressMax, failuresPerClientMax, wait] of OFF) {
  void test(`limits of ${failuresPerAddressMax} and ${failuresPerClientMax}: 0 switches a limit off`, () => {
    const throttle = createThrottle({ failuresPerAddressMax, failuresPerClientMax, windowSeconds: 60 });
    fail(throttle, APP, 6);
    assert.equal(waitOf(throttle, APP), wait);
    assert.equal(waitOf(throttle, ['another', HOME]), failuresPerAddressMax === 0 ? 0 : wait);
    assert.equal(waitOf(throttle, ['app', '203.0.113.1']), failuresPerClientMax === 0 ? 0 : wait);
  });
}

void test('a clock that is set back makes no wait longer than one failure takes to be forgotten', () => {
  const throttle = createThrottle(LIMITS);
  fail(throttle, APP, 3, 365 * DAY_MS);
  assert.equal(waitOf(throttle, APP), 20);
  assert.equal(waitOf(throttle, ['another', ELSEWHERE]), 0);
});

void test('counts are reported once a minute for each bucket', () => {
  const throttle = createThrottle(LIMITS);
  const reportAt = (who: Who, afterMs: number) => throttle.judge(attemptOf(who, afterMs))?.noteRefused();
  fail(throttle, APP, 3);
  assert.equal(throttle.judge(attemptOf(APP))?.bucket, 'address');
  assert.deepEqual(reportAt(APP, 0), { failures: 3, refused: 1 });
  for (let time = 1; time <= 4; time++) assert.equal(reportAt(APP, time), undefined);
  fail(throttle, ['app', ELSEWHERE], 3);
  assert.deepEqual(reportAt(['app', '203.0.113.1'], 5), { failures: 6, refused: 1 });
  fail(throttle, APP, 3, 59_999);
  assert.equal(reportAt(APP, 59_999), undefined);
  assert.deepEqual(reportAt(APP, 60_000), { failures: 3, refused: 6 });
});

void test('of very many addresses the ones that failed last are counted', () => {
  const throttle = createThrottle({ ...LIMITS, failuresPerClientMax: 0 });
  fail(throttle, [undefined, 'first'], 3);
  fail(throttle, [undefined, 'second'], 3);
  for (let index = 2; index < BUCKETS_MAX; index++) fail(throttle, [undefined, `other ${index}`], 1);
  // Refused once more, it is the newest again.
  throttle.judge(attemptOf([undefined, 'first']))?.noteRefused();
  fail(throttle, [undefined, 'one more'], 1);
  assert.ok(waitOf(throttle, [undefined, 'first']) > 0);
  assert.equal(waitOf(throttle, [undefined, 'second']), 0);
});

void test('for all limits, exactly that many may fail at once, and then one per interval', () => {
  const limits = fc.record({
    failuresPerAddressMax: fc.integer({ min: 1, max: 5000 }),
    windowSeconds: fc.integer({ min: 1, max: 86_400 }),
  });
  fc.assert(
    fc.property(
      limits,
      fc.integer({ min: 1, max: 20 }),
      ({ failuresPerAddressMax, windowSeconds }, rounds) => {
        const throttle = createThrottle({ failuresPerAddressMax, failuresPerClientMax: 0, windowSeconds });
        const who: Who = [undefined, HOME];
        let letThrough = 0;
        while (waitOf(throttle, who) === 0 && letThrough <= failuresPerAddressMax) {
          fail(throttle, who, 1);
          letThrough++;
        }
        assert.equal(letThrough, failuresPerAddressMax);
        let afterMs = 0;
        for (let round = 0; round < rounds; round++) {
          const wait = waitOf(throttle, who, afterMs);
          assert.ok(Number.isInteger(wait) && wait >= 1);
          afterMs += wait * 1000;
          assert.equal(waitOf(throttle, who, afterMs), 0, 'an attempt after the reported wait goes on');
          for (let more = 0; waitOf(throttle, who, afterMs) === 0; more++) {
            assert.ok(more < failuresPerAddressMax);
            fail(throttle, who, 1, afterMs);
          }
        }
      },
    ),
  );
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Refusal } from '../errors.ts';
import type { LogEvent } from '../log-event.ts';
import type { Visit } from '../wire/route.ts';
import { createVisitLimit } from './visit-limit.ts';

const PAGE = { status: 200, headers: {}, body: '' };
const callerAt = (address: string) => ({ address, userAgent: '' });

/** Visits from an address; answers 0, or the seconds to wait. */
const limited = (perAddressMax: number, inTotalMax: number) => {
  const events: LogEvent[] = [];
  let nowMs = 0;
  const limit = createVisitLimit(
    { perAddressMax, inTotalMax },
    { monotonic: () => nowMs, emit: (event) => events.push(event) },
  );
  const route = limit(() => PAGE);
  const visit = (address: string): number => {
    try {
      void route({ caller: callerAt(address), exchange: { requestId: 'r', nowMs: 0 } } as Visit);
      return 0;
    } catch (error) {
      assert.ok(error instanceof Refusal && error.reason === 'throttled' && error.isReported);
      return error.retryAfterSeconds ?? 0;
    }
  };
  const times = (count: number, address: string) => Array.from({ length: count }, () => visit(address));
  return { times, events, passMs: (ms: number) => void (nowMs += ms) };
};

void test('an address has its number of visits, and one more after Retry-After', () => {
  const { times, passMs } = limited(3, 100);
  assert.deepEqual(times(4, '192.0.2.1'), [0, 0, 0, 20]);
  assert.deepEqual(times(1, '192.0.2.2'), [0]);
  passMs(20_000);
  assert.deepEqual(times(2, '192.0.2.1'), [0, 20]);
});

void test('all addresses together have a number too, and refused visits do not count', () => {
  const { times } = limited(3, 6);
  assert.deepEqual(times(20, '192.0.2.1').slice(0, 4), [0, 0, 0, 20]);
  assert.deepEqual(times(3, '192.0.2.2'), [0, 0, 0]);
  assert.deepEqual(times(1, '192.0.2.3'), [10]);
});

void test('0 switches a limit off', () => {
  assert.deepEqual(limited(0, 2).times(3, '192.0.2.1'), [0, 0, 30]);
  assert.deepEqual(limited(2, 0).times(3, '192.0.2.1'), [0, 0, 30]);
  assert.deepEqual(new Set(limited(0, 0).times(1000, '192.0.2.1')), new Set([0]));
});

void test('refused visits are reported once a minute for each bucket', () => {
  const { times, events, passMs } = limited(1, 100);
  times(10, '192.0.2.1');
  passMs(60_000);
  times(10, '192.0.2.1');
  const about = {
    event: 'owners.throttled',
    requestId: 'r',
    bucket: 'address',
    caller: callerAt('192.0.2.1'),
  };
  assert.deepEqual(events, [
    { ...about, refused: 1 },
    { ...about, refused: 9 },
  ]);
});

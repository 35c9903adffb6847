import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LogEvent } from '../log-event.ts';
import { createEventCounts } from './event-counts.ts';

const caller = { address: '192.0.2.1', userAgent: 'car' };
const request = { requestId: 'r', dialect: 'smartcar', caller };
const use = { ...request, clientId: 'c', grantId: 'g', generation: 1 };
const replayed = { ...use, gap: 2, sinceRotationMs: 5, rotatedBy: caller, response: 'revoke' } as const;

/** An event, and the reason under which it is counted. */
const CASES: readonly (readonly [LogEvent, string])[] = [
  [{ event: 'refresh.rotated', ...use }, ''],
  [{ event: 'refresh.repeated', ...use, cause: 'overlap' }, 'overlap'],
  [{ event: 'refresh.refused', ...request, clientId: 'c', reason: 'expired' }, 'expired'],
  [{ event: 'refresh.replayed', ...replayed, looksLike: 'theft' }, 'theft'],
  [{ event: 'client.refused', ...request, reason: 'client_secret_wrong' }, 'client_secret_wrong'],
  [{ event: 'store.unavailable', requestId: 'r', kind: 'outcome_unknown', cause: 'x' }, 'outcome_unknown'],
  [{ event: 'internal.error', requestId: 'r', cause: 'a stack of lines' }, ''],
  [{ event: 'webhook.stalled', cause: 'free text' }, ''],
];

for (const [event, reason] of CASES) {
  void test(`${event.event} is counted under ${reason === '' ? 'no reason' : reason}`, () => {
    const counts = createEventCounts();
    counts.count(event);
    counts.count(event);
    assert.deepEqual(
      counts.list().filter(({ count }) => count > 0),
      [{ event: event.event, reason, count: 2 }],
    );
  });
}

void test('an event without reasons is listed with 0 before it first happens', () => {
  const listed = createEventCounts().list();
  assert.ok(listed.some(({ event, count }) => event === 'keys.missing' && count === 0));
  assert.ok(!listed.some(({ event }) => event === 'refresh.refused'));
});

void test('the number of series per event is limited', () => {
  const counts = createEventCounts();
  const declined = { event: 'consent.declined', ...request, clientId: 'c' } as const;
  for (let reason = 0; reason < 1000; reason++) counts.count({ ...declined, reason: `reason-${reason}` });
  const listed = counts.list().filter(({ event }) => event === 'consent.declined');
  assert.equal(listed.length, 65);
  assert.equal(listed.find(({ reason }) => reason === 'other')?.count, 936);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { REFUSAL_REASONS } from '../errors.ts';
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
  [{ event: 'refresh.repeated_by_other', ...use, firstUsedBy: use.caller, differs: 'address' }, 'address'],
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

void test('every event is listed with every reason and 0 before it first happens', () => {
  const listed = createEventCounts().list();
  assert.ok(listed.every(({ count }) => count === 0));
  const reasonsOf = (name: string): readonly string[] =>
    listed.filter(({ event }) => event === name).map(({ reason }) => reason);
  assert.deepEqual(reasonsOf('keys.missing'), ['']);
  assert.deepEqual(reasonsOf('refresh.replayed'), ['lost_answer', 'theft']);
  assert.deepEqual(reasonsOf('store.unavailable'), ['unavailable', 'outcome_unknown']);
  assert.deepEqual(
    REFUSAL_REASONS.filter(
      (reason) => !['client.refused', 'request.refused'].some((name) => reasonsOf(name).includes(reason)),
    ),
    [],
  );
});

void test('reasons that no type allows share one series', () => {
  const counts = createEventCounts();
  for (let reason = 0; reason < 1000; reason++)
    counts.count({ event: 'client.throttled', bucket: String(reason) } as unknown as LogEvent);
  assert.deepEqual(
    counts.list().filter(({ count }) => count > 0),
    [{ event: 'client.throttled', reason: 'other', count: 1000 }],
  );
});

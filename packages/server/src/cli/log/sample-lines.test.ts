import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LogEvent } from '../../log-event.ts';
import { createLineSampler } from './sample-lines.ts';

const caller = { address: '192.0.2.1', userAgent: '' };
const request = { requestId: 'r', dialect: 'smartcar', caller };
const refused = (reason: 'path_unknown' | 'body_malformed'): LogEvent => ({
  event: 'request.refused',
  ...request,
  reason,
});
const expired = (clientId: string): LogEvent => ({
  event: 'refresh.refused',
  ...request,
  clientId,
  reason: 'expired',
});

/** How many of these events are written. */
const admitted = (sampler: ReturnType<typeof createLineSampler>, event: LogEvent, times: number): number =>
  Array.from({ length: times }).filter(() => sampler.admits(event)).length;

void test('twenty lines of each reason are written per period, and the others are counted', () => {
  const sampler = createLineSampler();
  assert.equal(admitted(sampler, refused('path_unknown'), 100), 20);
  assert.equal(admitted(sampler, refused('body_malformed'), 20), 20);
  assert.equal(sampler.leftOut(), 80);
  assert.deepEqual(sampler.endPeriod(), [{ of: 'request.refused', reason: 'path_unknown', lines: 80 }]);
  assert.deepEqual(sampler.endPeriod(), []);
  assert.equal(admitted(sampler, refused('path_unknown'), 21), 20);
  assert.equal(sampler.leftOut(), 81);
});

void test('the refused tokens of one client do not hide those of another', () => {
  const sampler = createLineSampler();
  assert.equal(admitted(sampler, expired('a'), 21), 20);
  assert.equal(admitted(sampler, expired('b'), 20), 20);
  assert.deepEqual(sampler.endPeriod(), [
    { of: 'refresh.refused', reason: 'expired', clientId: 'a', lines: 1 },
  ]);
});

void test('an unlimited number of clients needs a limited memory', () => {
  const sampler = createLineSampler();
  let lines = 0;
  for (let client = 0; client < 2000; client++) lines += admitted(sampler, expired(String(client)), 1);
  assert.equal(lines, 1020);
  assert.deepEqual(sampler.endPeriod(), [{ of: 'refresh.refused', lines: 980 }]);
});

void test('what only a client with its secret or an operator causes is always written', () => {
  const sampler = createLineSampler();
  const use = { ...request, clientId: 'c', grantId: 'g', generation: 1 };
  const replayed = { ...use, gap: 2, sinceRotationMs: 5, rotatedBy: caller, response: 'revoke' } as const;
  for (const event of [
    { event: 'refresh.replayed', ...replayed, looksLike: 'theft' },
    { event: 'grant.revoked', requestId: 'r', grantId: 'g', clientId: 'c', cause: 'replay' },
    { event: 'keys.missing', newestKeyNumber: 1, registeredKeyNumber: 2 },
  ] as const)
    assert.equal(admitted(sampler, event, 1000), 1000);
});

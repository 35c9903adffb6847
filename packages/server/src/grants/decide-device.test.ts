import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decidePoll, decideSettlement } from './decide-device.ts';
import type { PollDecision } from './decide-device.ts';
import type { DeviceRequest } from './device-request.ts';

const ISSUED_AT = 1_750_000_000;
const ISSUED_AT_MS = ISSUED_AT * 1000;
const REQUEST: DeviceRequest = {
  grantId: 42n,
  clientId: 'client-a',
  userCode: 'WDJBMJHT',
  scope: 'read_odometer',
  codeChallenge: undefined,
  issuedAtMs: ISSUED_AT_MS + 250,
  intervalSeconds: 5,
  polledAtMs: undefined,
  settled: undefined,
};

const cases: readonly {
  readonly name: string;
  readonly request?: Partial<DeviceRequest> | 'none';
  readonly clientId?: string;
  readonly issuedAt?: number;
  readonly afterMs: number;
  readonly outcome: PollDecision['outcome'];
  readonly interval?: number;
}[] = [
  { name: 'the first poll may come at once', afterMs: 0, outcome: 'pending', interval: 5 },
  {
    name: 'a poll four seconds after the last is on time, because timers are not exact',
    request: { polledAtMs: ISSUED_AT_MS },
    afterMs: 4000,
    outcome: 'pending',
    interval: 5,
  },
  {
    name: 'a poll that is earlier has to slow down by five seconds',
    request: { polledAtMs: ISSUED_AT_MS },
    afterMs: 3999,
    outcome: 'slow_down',
    interval: 10,
  },
  {
    name: 'the longer interval lasts',
    request: { polledAtMs: ISSUED_AT_MS, intervalSeconds: 10 },
    afterMs: 8999,
    outcome: 'slow_down',
    interval: 15,
  },
  {
    name: 'who waits for the longer interval is on time',
    request: { polledAtMs: ISSUED_AT_MS, intervalSeconds: 10 },
    afterMs: 9000,
    outcome: 'pending',
    interval: 10,
  },
  {
    name: 'a clock that was set back makes no poll too early',
    request: { polledAtMs: ISSUED_AT_MS + 60_000 },
    afterMs: 1000,
    outcome: 'pending',
    interval: 5,
  },
  { name: 'a code works for ten minutes', afterMs: 599_999, outcome: 'pending', interval: 5 },
  { name: 'and not longer', afterMs: 600_000, outcome: 'expired' },
  {
    name: 'an approval is found at once, however early the poll',
    request: { polledAtMs: ISSUED_AT_MS, settled: 'approved' },
    afterMs: 1,
    outcome: 'approved',
  },
  {
    name: 'an approval is found after the end',
    request: { settled: 'approved' },
    afterMs: 600_000,
    outcome: 'approved',
  },
  { name: 'a refusal is found', request: { settled: 'declined' }, afterMs: 0, outcome: 'declined' },
  { name: 'another client learns nothing', clientId: 'client-b', afterMs: 0, outcome: 'client_mismatch' },
  { name: 'a request that is gone is unknown', request: 'none', afterMs: 0, outcome: 'unknown' },
  { name: 'or expired, as its code says', request: 'none', afterMs: 600_000, outcome: 'expired' },
  {
    name: 'the code of another request under the same id is unknown',
    issuedAt: ISSUED_AT - 1,
    afterMs: 0,
    outcome: 'unknown',
  },
];

for (const {
  name,
  request,
  clientId = 'client-a',
  issuedAt = ISSUED_AT,
  afterMs,
  outcome,
  interval,
} of cases)
  test(`poll: ${name}`, () => {
    const nowMs = ISSUED_AT_MS + afterMs;
    const found = request === 'none' ? undefined : { ...REQUEST, ...request };
    const decided = decidePoll(found, { clientId, issuedAt }, { nowMs, doubt: undefined });
    const changed =
      interval === undefined ? {} : { changed: { intervalSeconds: interval, polledAtMs: nowMs } };
    assert.deepEqual(decided, { outcome, ...changed });
  });

test('an owner decides once, within ten minutes', () => {
  const at = (afterMs: number) => ({ nowMs: REQUEST.issuedAtMs + afterMs, doubt: undefined });
  assert.equal(decideSettlement(REQUEST, at(599_999)), 'settled');
  assert.equal(decideSettlement(REQUEST, at(600_000)), 'expired');
  assert.equal(decideSettlement({ ...REQUEST, settled: 'approved' }, at(0)), 'settled_before');
  assert.equal(decideSettlement({ ...REQUEST, settled: 'declined' }, at(0)), 'settled_before');
  assert.equal(decideSettlement(undefined, at(0)), 'unknown');
});

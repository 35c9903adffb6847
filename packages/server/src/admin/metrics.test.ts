import assert from 'node:assert/strict';
import { test } from 'node:test';
import { renderMetric } from './exposition.ts';
import { timeTokenRequests } from './latencies.ts';
import { renderMetrics } from './metrics.ts';

const answer = { status: 200, headers: {}, body: '' };
const request = (path: string) => ({
  method: 'POST',
  path,
  query: '',
  headers: {},
  body: Buffer.alloc(0),
});
const from = { caller: { address: '', userAgent: '' } };
const ignore = (): void => {};

void test('requests to token endpoints, and no others, are counted in every bucket whose bound they keep', async () => {
  let clock = 0;
  const took = [1, 1.5, 5000, 5001];
  const { endpoints, read } = timeTokenRequests(
    {
      answer: (_request, _caller, done) => {
        clock += took.shift() ?? 0;
        done(answer);
      },
      refuse: () => answer,
    },
    () => clock,
  );
  for (let count = 0; count < 4; count++) endpoints.answer(request('/oauth/token'), from, ignore);
  endpoints.answer(request('/connect'), from, ignore);
  const text = renderMetrics({
    events: [],
    latencies: read(),
    openRequests: 3,
    isReady: true,
    clockSkewMs: 0,
    clockDoubtMs: 0,
    deliveriesWaiting: undefined,
    logLines: undefined,
    storeLogBytes: 4096,
  });
  const valueOf = (sample: string): number =>
    Number(
      text
        .split('\n')
        .find((line) => line.startsWith(`${sample} `))
        ?.split(' ')[1],
    );
  const bucket = (le: string): number => valueOf(`keyfob_token_request_duration_seconds_bucket{le="${le}"}`);
  assert.deepEqual(['0.001', '0.002', '2', '5', '+Inf'].map(bucket), [1, 2, 2, 3, 4]);
  assert.equal(valueOf('keyfob_token_request_duration_seconds_count'), 4);
  assert.equal(valueOf('keyfob_token_request_duration_seconds_sum'), 10.0035);
  assert.equal(valueOf('keyfob_open_requests'), 3);
  assert.equal(valueOf('keyfob_store_log_bytes'), 4096);
  assert.doesNotMatch(text, /keyfob_webhook_deliveries_waiting/);
});

void test('a label value stays within its quotes and its line', () => {
  const text = renderMetric('a', {
    type: 'counter',
    help: 'b',
    samples: [{ labels: { reason: 'a"b\\c\nd' }, value: 1 }],
  });
  assert.equal(text, '# HELP a b\n# TYPE a counter\na{reason="a\\"b\\\\c\\nd"} 1\n');
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DIALECTS } from '../dialects/dialects.ts';
import { CLIENT_REASONS, isClientReason, reasonsOf, REFUSAL_REASONS, STORE_ERROR_KINDS } from '../errors.ts';
import { REVOCATION_CAUSES } from '../grants/grant.ts';
import { KEY_PURPOSES } from '../tokens/key-state.ts';
import { createEventCounts } from './event-counts.ts';
import { timeTokenRequests } from './latencies.ts';
import { createMetrics } from './metrics.ts';
import type { MetricSources } from './metrics.ts';

const request = (path: string) => ({ method: 'POST', path, query: '', headers: {}, body: Buffer.alloc(0) });
const from = { caller: { address: '', userAgent: '' } };
const KEY_STATES = ['compromised', 'retired'] as const;
const ignore = (): void => {};

const metricsOf = (more: Partial<MetricSources> = {}) =>
  createMetrics({
    version: '1.2.3',
    events: () => [],
    latencies: () => [],
    openRequests: () => 3,
    isReady: () => Promise.resolve(true),
    clockSkewMs: () => 0,
    clockDoubtMs: () => 0,
    deliveriesWaiting: () => Promise.resolve(7),
    logLines: undefined,
    storeLogBytes: () => 4096,
    storeFigures: undefined,
    ...more,
  });

/** The value of a sample, by its name and labels as they are written. */
const valueIn = (text: string, sample: string): number =>
  Number(
    text
      .split('\n')
      .find((line) => line.startsWith(`${sample} `))
      ?.split(' ')[1],
  );

void test('requests to token endpoints, and no others, are counted by dialect, outcome, and in every bucket whose bound they keep', async () => {
  let clock = 0;
  const took = [1, 1.5, 5000, 5001, 10, 20];
  const statuses = [200, 200, 200, 200, 400, 503];
  const { endpoints, read } = timeTokenRequests(
    {
      answer: (_request, _caller, done) => {
        clock += took.shift() ?? 0;
        done({ status: statuses.shift() ?? 200, headers: {}, body: '' });
      },
      refuse: () => ({ status: 404, headers: {}, body: '' }),
    },
    () => clock,
  );
  for (let count = 0; count < 5; count++) endpoints.answer(request('/oauth/token'), from, ignore);
  endpoints.answer(request('/oauth2/token/'), from, ignore);
  endpoints.answer(request('/connect'), from, ignore);
  const text = await metricsOf({ latencies: read }).render();
  const labels = 'dialect="smartcar",outcome="answered"';
  const name = 'keyfob_token_request_duration_seconds';
  const bucket = (le: string): number => valueIn(text, `${name}_bucket{${labels},le="${le}"}`);
  assert.deepEqual(['0.001', '0.002', '2', '5', '+Inf'].map(bucket), [1, 2, 2, 3, 4]);
  assert.equal(valueIn(text, `${name}_count{${labels}}`), 4);
  assert.equal(valueIn(text, `${name}_sum{${labels}}`), 10.0035);
  assert.equal(valueIn(text, `${name}_count{dialect="smartcar",outcome="refused"}`), 1);
  assert.equal(valueIn(text, `${name}_count{dialect="oauth",outcome="failed"}`), 1);
  assert.equal(valueIn(text, `${name}_count{dialect="pleos",outcome="answered"}`), 0);
});

void test('every event and reason, and every dialect and outcome, is there with 0 before it first happens', async () => {
  const events = createEventCounts();
  const { read } = timeTokenRequests({
    answer: ignore,
    refuse: () => ({ status: 0, headers: {}, body: '' }),
  });
  const text = await metricsOf({ events: events.list, latencies: read }).render();
  const counted = text.split('\n').filter((line) => line.startsWith('keyfob_log_events_total{'));
  assert.equal(counted.length, events.list().length);
  assert.ok(counted.every((line) => line.endsWith(' 0')));
  assert.equal(valueIn(text, 'keyfob_log_events_total{event="refresh.replayed",reason="theft"}'), 0);
  const outcomes = text.match(/^keyfob_token_request_duration_seconds_count\{.*\} 0$/gm) ?? [];
  assert.equal(outcomes.length, 3 * Object.keys(DIALECTS).length);
  events.count({ event: 'webhook.stalled', cause: 'x' });
  const later = await metricsOf({ events: events.list }).render();
  assert.equal(valueIn(later, 'keyfob_log_events_total{event="webhook.stalled",reason=""}'), 1);
});

void test('every reason of the tables has its counter, with 0, before it first happens', async () => {
  const text = await metricsOf({ events: createEventCounts().list }).render();
  const counted = (event: string, reason: string): boolean =>
    valueIn(text, `keyfob_log_events_total{event="${event}",reason="${reason}"}`) === 0;
  const missing = (event: string, reasons: readonly string[]): readonly string[] =>
    reasons.filter((reason) => !counted(event, reason)).map((reason) => `${event} ${reason}`);
  const ofRequests = REFUSAL_REASONS.filter((reason) => !isClientReason(reason));
  assert.deepEqual(
    [
      ...missing('request.refused', ofRequests),
      ...missing('client.refused', CLIENT_REASONS),
      ...missing('refresh.refused', reasonsOf('dead_token')),
      ...missing('code.refused', [...reasonsOf('dead_code'), ...reasonsOf('dead_token')]),
      ...missing('grant.revoked', REVOCATION_CAUSES),
      ...missing('store.unavailable', STORE_ERROR_KINDS),
      ...KEY_STATES.flatMap((state) => missing(`keys.${state}`, KEY_PURPOSES)),
    ],
    [],
  );
  for (const reason of ['request_not_pushed', 'proof_repeated', 'certificate_wrong', 'details_malformed'])
    assert.ok(counted('request.refused', reason), reason);
  assert.ok(counted('client.refused', 'assertion_replayed'));
  assert.ok(counted('device.requested', ''));
});

void test('what the store does not answer is left out, and comes back when it answers', async () => {
  let isReady = false;
  const metrics = metricsOf({ isReady: () => Promise.resolve(isReady) });
  const down = await metrics.render();
  assert.equal(valueIn(down, 'keyfob_ready'), 0);
  assert.doesNotMatch(down, /^keyfob_webhook_deliveries_waiting /m);
  isReady = true;
  const up = await metrics.render();
  assert.equal(valueIn(up, 'keyfob_ready'), 1);
  assert.equal(valueIn(up, 'keyfob_webhook_deliveries_waiting'), 7);
  assert.equal(valueIn(up, 'keyfob_open_requests'), 3);
  assert.equal(valueIn(up, 'keyfob_store_log_bytes'), 4096);
});

void test('the build, the event loop, garbage collection, commits and connections are shown, for two servers in a process', async () => {
  const figures = {
    commits: 4,
    commitSeconds: 0.5,
    changes: 9,
    waiting: 2,
    connections: { idle: 1, busy: 2, awaited: 3 },
  };
  for (const metrics of [metricsOf(), metricsOf({ storeFigures: () => figures })]) {
    const text = await metrics.render();
    assert.match(text, /^keyfob_build_info\{version="1\.2\.3",node="v\d/m);
    for (const name of ['nodejs_eventloop_lag_p99_seconds', 'process_cpu_seconds_total', 'process_open_fds'])
      assert.ok(valueIn(text, name) >= 0, name);
    assert.match(text, /^# TYPE nodejs_gc_duration_seconds histogram$/m);
  }
  const text = await metricsOf({ storeFigures: () => figures }).render();
  assert.equal(valueIn(text, 'keyfob_store_commits_total'), 4);
  assert.equal(valueIn(text, 'keyfob_store_commit_duration_seconds_total'), 0.5);
  assert.equal(valueIn(text, 'keyfob_store_changes_total'), 9);
  assert.equal(valueIn(text, 'keyfob_store_connections{state="awaited"}'), 3);
});

import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import type { TestContext } from 'node:test';
import { context, propagation, trace } from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { addWebhook, createAuthorizationServer } from '@keyfob/server';
import type { LogEvent } from '@keyfob/server';
import { makeClient, makeGrant } from '../support/make-client.ts';
import { LOOPBACK } from '../support/keyfob-process.ts';
import { directoryFor } from '../support/test-directory.ts';
import { startReceiver } from '../support/webhook-receiver.ts';

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const PARENT_ID = 'b7ad6b7169203331';
const TRACEPARENT = `00-${TRACE_ID}-${PARENT_ID}-01`;

const exporter = new InMemorySpanExporter();

/** A server with a client and a grant, and what it reported. */
const serverWithGrant = async (t: TestContext) => {
  const events: LogEvent[] = [];
  const server = await createAuthorizationServer(
    { publicUrl: 'https://auth.example', data: directoryFor(t), egressAllowedRanges: LOOPBACK },
    { emit: (event) => void events.push(event) },
  );
  t.after(() => server.close());
  const { client, clientSecret } = await makeClient(server.deployment, {
    dialect: 'smartcar',
    name: '',
  });
  const wanted = { clientId: client.id, subject: 'owner-1', scope: '', brand: undefined };
  const { tokens } = await makeGrant(server.deployment, wanted);
  const send = (
    path: string,
    form: Readonly<Record<string, string>>,
    headers: Readonly<Record<string, string>> = {},
  ) =>
    server.respond({
      method: 'POST',
      path,
      query: '',
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        authorization: `Basic ${Buffer.from(`${client.id}:${clientSecret}`).toString('base64')}`,
        host: 'auth.example',
        'user-agent': 'trial/1',
        ...headers,
      },
      body: Buffer.from(new URLSearchParams(form).toString()),
    });
  const refresh = (token: string, headers: Readonly<Record<string, string>> = {}) =>
    send('/oauth/token', { grant_type: 'refresh_token', refresh_token: token }, headers);
  return { server, events, send, refresh, token: tokens.refreshToken ?? '', clientId: client.id };
};

const requestSpans = (): readonly ReadableSpan[] =>
  exporter.getFinishedSpans().filter(({ name }) => name === 'POST /oauth/token');

test('without a registered SDK, events carry no trace', async (t) => {
  const { events, refresh, token } = await serverWithGrant(t);
  assert.equal((await refresh(token, { traceparent: TRACEPARENT })).status, 200);
  assert.ok(events.some(({ event }) => event === 'refresh.rotated'));
  assert.ok(events.every((event) => !('traceId' in event)));
});

describe('traces', () => {
  before(() => {
    trace.setGlobalTracerProvider(
      new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }),
    );
    propagation.setGlobalPropagator(new W3CTraceContextPropagator());
    assert.ok(context.active());
  });

  test('a request has a span with its verdict and stage, below the span of its caller, and its log event has the ids', async (t) => {
    const { events, refresh, token, clientId } = await serverWithGrant(t);
    exporter.reset();
    assert.equal((await refresh(token, { traceparent: TRACEPARENT })).status, 200);
    const [span] = requestSpans();
    assert.ok(span);
    assert.equal(span.spanContext().traceId, TRACE_ID);
    assert.equal(span.parentSpanContext?.spanId, PARENT_ID);
    const expected = {
      'http.request.method': 'POST',
      'http.route': '/oauth/token',
      'http.response.status_code': 200,
      'keyfob.dialect': 'smartcar',
      'keyfob.stage': 'grant',
      'keyfob.verdict': 'rotated',
      'keyfob.client_id': clientId,
    };
    for (const [name, value] of Object.entries(expected)) assert.equal(span.attributes[name], value, name);
    const rotated = events.find(({ event }) => event === 'refresh.rotated') as LogEvent & {
      traceId?: string;
    };
    assert.equal(rotated.traceId, TRACE_ID);
    assert.doesNotMatch(
      JSON.stringify(exporter.getFinishedSpans().map(({ attributes }) => attributes)),
      new RegExp(token),
    );
  });

  test('a refused request says how far it came and why', async (t) => {
    const { refresh, token } = await serverWithGrant(t);
    exporter.reset();
    await refresh(token, { authorization: `Basic ${Buffer.from('nobody:nothing').toString('base64')}` });
    await refresh('no-token-at-all');
    const seen = requestSpans().map(({ attributes }) => [
      attributes['keyfob.stage'],
      attributes['keyfob.verdict'],
      attributes['keyfob.reason'],
    ]);
    assert.deepEqual(seen[0], ['authentication', 'refused', 'client_unknown']);
    assert.equal(seen[1]?.[1], 'refused');
  });

  test('a webhook continues the trace of the request that caused it', async (t) => {
    const receiver = await startReceiver(t);
    const { server, send, token, clientId } = await serverWithGrant(t);
    const webhook = { url: receiver.url, format: 'standard', clientId, kinds: undefined } as const;
    assert.equal((await addWebhook(server.deployment, { ...webhook, isHttpAllowed: true })).outcome, 'added');
    exporter.reset();
    // Its client revokes the grant.
    assert.equal((await send('/oauth/revoke', { token }, { traceparent: TRACEPARENT })).status, 200);
    server.deliverWebhooks();
    await receiver.until(1);
    await server.settleWebhooks();
    assert.match(
      receiver.arrived[0]?.headers['traceparent'] ?? '',
      new RegExp(`^00-${TRACE_ID}-[0-9a-f]{16}-01$`),
    );
    const span = exporter.getFinishedSpans().find(({ name }) => name === 'webhook');
    assert.equal(span?.spanContext().traceId, TRACE_ID);
    const cause = exporter.getFinishedSpans().find(({ name }) => name === 'POST');
    assert.equal(span.parentSpanContext?.spanId, cause?.spanContext().spanId);
  });
});

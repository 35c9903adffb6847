import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { trace } from '@opentelemetry/api';
import { InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { addWebhook, createAuthorizationServer } from '@keyfob/server';
import type { LogEvent } from '@keyfob/server';
import { makeClient, makeGrant } from '../support/make-client.ts';
import { LOOPBACK } from '../support/keyfob-process.ts';
import { openRaw, writeRequest } from '../support/raw-request.ts';
import { untilLogged } from '../support/run-command.ts';
import { registerSdk } from '../support/tracing-sdk.mjs';
import { directoryFor, grantFor, serverFor } from '../support/test-directory.ts';
import { startReceiver } from '../support/webhook-receiver.ts';

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const PARENT_ID = 'b7ad6b7169203331';
const TRACEPARENT = `00-${TRACE_ID}-${PARENT_ID}-01`;

const exporter = new InMemorySpanExporter();

/** A server with a client and a grant, and what it reported. */
const serverWithGrant = async (t: TestContext) => {
  const events: LogEvent[] = [];
  const server = await createAuthorizationServer(
    { publicUrl: 'https://auth.example', data: directoryFor(t), port: 0, egressAllowedRanges: LOOPBACK },
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
  const token = tokens.refreshToken ?? '';
  return { server, events, send, refresh, token, tokens, clientId: client.id, clientSecret };
};

/** Everything in the finished spans. */
const exported = (): string =>
  JSON.stringify(
    exporter.getFinishedSpans().map((span) => ({
      context: span.spanContext(),
      state: span.spanContext().traceState?.serialize(),
      name: span.name,
      attributes: span.attributes,
      events: span.events,
      links: span.links,
      status: span.status,
      resource: span.resource.attributes,
    })),
  );

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
    registerSdk([new SimpleSpanProcessor(exporter)]);
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
  });

  test('no span has a token, a secret, a header, a query, a body, or a path of a stranger', async (t) => {
    const { send, refresh, server, token, tokens, clientSecret, clientId } = await serverWithGrant(t);
    exporter.reset();
    const answers = [
      await refresh(token),
      await send('/oauth/introspect', { token: tokens.accessToken ?? '' }),
      await refresh(token, { authorization: `Basic ${btoa(`${clientId}:wrong-secret`)}` }),
      await send(`/oauth/token/${token}`, { grant_type: 'refresh_token' }),
      await send('/oauth/token', { grant_type: 'authorization_code', code: 'a-code-of-somebody' }),
      await send('/oauth/revoke', { token }),
    ];
    await server.respond({
      method: 'GET',
      path: '/v2.0/vehicles/a-vehicle-of-somebody',
      query: 'access_token=a-token-in-a-query',
      headers: { authorization: `Bearer ${tokens.accessToken}`, cookie: 'session=a-cookie' },
      body: Buffer.from('a-body'),
    });
    const text = exported();
    assert.equal(exporter.getFinishedSpans().length, answers.length + 1);
    const { access_token: accessToken = '', refresh_token: refreshToken = '' } = JSON.parse(
      String(answers[0]?.body),
    ) as Record<string, string>;
    const secrets = [
      token,
      tokens.accessToken ?? '',
      clientSecret,
      accessToken,
      refreshToken,
      'wrong-secret',
      'a-code-of-somebody',
      'a-vehicle-of-somebody',
      'a-token-in-a-query',
      'a-cookie',
      'a-body',
      'owner-1',
      'trial/1',
      btoa(`${clientId}:${clientSecret}`),
    ];
    for (const secret of secrets) {
      assert.notEqual(secret, '');
      assert.ok(!text.includes(secret), secret);
    }
    assert.ok(text.includes('"http.route":"/v2.0/vehicles/{id}"'));
  });

  test('requests of one connection, sent before the answers, have traces of their own', async (t) => {
    const { server, token, clientId, clientSecret } = await serverWithGrant(t);
    const { url } = await server.listen();
    const bytes = writeRequest({
      target: '/oauth/token',
      headers: {
        Host: 'auth.example',
        'User-Agent': 'trial/1',
        'Content-Type': 'application/x-www-form-urlencoded',
        Authorization: `Basic ${btoa(`${clientId}:${clientSecret}`)}`,
      },
      body: `grant_type=refresh_token&refresh_token=${token}`,
    });
    exporter.reset();
    const connection = await openRaw(url, Buffer.concat([bytes, bytes, bytes]));
    await connection.received(3);
    connection.close();
    const spans = requestSpans();
    assert.equal(new Set(spans.map((span) => span.spanContext().traceId)).size, 3);
    assert.ok(spans.every(({ parentSpanContext }) => parentSpanContext === undefined));
  });

  test('a request is below the span in which the host calls, which has honoured the caller', async (t) => {
    const { refresh, token } = await serverWithGrant(t);
    exporter.reset();
    await trace.getTracer('host').startActiveSpan('host', async (host) => {
      assert.equal((await refresh(token, { traceparent: TRACEPARENT })).status, 200);
      host.end();
      assert.equal(requestSpans()[0]?.parentSpanContext?.spanId, host.spanContext().spanId);
    });
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
    const headers = { traceparent: TRACEPARENT, baggage: 'of=the-client' };
    assert.equal((await send('/oauth/revoke', { token }, headers)).status, 200);
    server.deliverWebhooks();
    await receiver.until(1);
    await server.settleWebhooks();
    assert.match(
      receiver.arrived[0]?.headers['traceparent'] ?? '',
      new RegExp(`^00-${TRACE_ID}-[0-9a-f]{16}-01$`),
    );
    assert.equal(receiver.arrived[0]?.headers['baggage'], undefined);
    const span = exporter.getFinishedSpans().find(({ name }) => name === 'webhook');
    assert.equal(span?.spanContext().traceId, TRACE_ID);
    const cause = exporter.getFinishedSpans().find(({ name }) => name === 'POST /oauth/revoke');
    assert.equal(span.parentSpanContext?.spanId, cause?.spanContext().spanId);
  });
});

test('`keyfob serve` with an SDK that Node imports first writes the ids of the trace into the lines of its log', async (t) => {
  const sdk = fileURLToPath(new URL('../bench/tracing/with-sdk.mjs', import.meta.url));
  const server = await serverFor(t, { nodeArgs: ['--import', sdk], args: ['--log-level', 'debug'] });
  const { client, grant } = await grantFor(server, 'smartcar');
  const response = await fetch(`${server.url}/oauth/token`, {
    method: 'POST',
    headers: {
      authorization: `Basic ${btoa(`${client.clientId}:${client.clientSecret}`)}`,
      'user-agent': 'trial/1',
      traceparent: TRACEPARENT,
    },
    body: new URLSearchParams({ grant_type: 'refresh_token', refresh_token: grant.refreshToken }),
  });
  assert.equal(response.status, 200);
  await untilLogged(server, 'refresh.rotated');
  const line = server
    .log()
    .split('\n')
    .find((one) => one.includes('refresh.rotated'));
  const { traceId, spanId } = JSON.parse(line ?? '') as Record<string, string>;
  assert.equal(traceId, TRACE_ID);
  assert.match(spanId ?? '', /^[0-9a-f]{16}$/);
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';
import { createAuthorizationServer, OperatorError, systemRandomness } from '@keyfob/server';
import type { AuthorizationServer, LogEvent, ServerOptions, Settings } from '@keyfob/server';
import { makeClient, makeGrant } from '../support/make-client.ts';
import { host } from '../support/host-program.ts';
import { sendRaw, writeRequest } from '../support/raw-request.ts';
import type { RawResponse, RequestParts } from '../support/raw-request.ts';
import { directoryFor } from '../support/test-directory.ts';

const PUBLIC_URL = 'https://auth.example';
const NOW_MS = 1_750_000_000_000;

/** Every response has the same request id, so that responses can be compared. */
const RANDOMNESS = { ...systemRandomness, uuid: () => '00000000-0000-4000-8000-000000000000' };

type Trial = { readonly server: AuthorizationServer; readonly events: readonly LogEvent[] };

const open = async (t: TestContext, settings: Settings = {}, options: ServerOptions = {}): Promise<Trial> => {
  const events: LogEvent[] = [];
  const server = await createAuthorizationServer(
    { data: directoryFor(t), port: 0, publicUrl: PUBLIC_URL, ...settings },
    { emit: (event) => events.push(event), clock: () => NOW_MS, randomness: RANDOMNESS, ...options },
  );
  t.after(() => server.close());
  return { server, events };
};

const withoutConnectionHeaders = ({ status, headers, body }: RawResponse): RawResponse => {
  const { date: _date, connection: _connection, 'keep-alive': _keepAlive, ...rest } = headers;
  return { status, headers: rest, body };
};

const toRequest = ({ method = 'POST', target = '/', headers = {}, body = '' }: RequestParts): Request =>
  new Request(`${PUBLIC_URL}${target}`, {
    method,
    headers: Object.entries(headers).flatMap(([name, value]) =>
      [value ?? []].flat().map((one): [string, string] => [name, one]),
    ),
    ...(body === '' ? {} : { body: String(body) }),
    redirect: 'manual',
  });

const FORM = { Host: 'auth.example', 'Content-Type': 'application/x-www-form-urlencoded' };
const REFRESH = 'grant_type=refresh_token&refresh_token=11111111-1111-4111-8111-111111111111';

const REQUESTS: Readonly<Record<string, RequestParts>> = {
  'an unknown client': {
    target: '/oauth/token',
    headers: { ...FORM, Authorization: 'Basic YTpi' },
    body: REFRESH,
  },
  'a request without credentials': { target: '/oauth/token', headers: FORM, body: REFRESH },
  'credentials that are sent twice': {
    target: '/oauth/token',
    headers: { ...FORM, Authorization: ['Basic YTpi', 'Basic YTpi'] },
    body: REFRESH,
  },
  'an unknown path': { target: '/nothing?here=1', headers: FORM },
  'a wrong method': { method: 'DELETE', target: '/.well-known/jwks.json', headers: FORM },
  'a metadata request': { method: 'GET', target: '/.well-known/oauth-authorization-server', headers: FORM },
  'a metadata request by HEAD': {
    method: 'HEAD',
    target: '/.well-known/oauth-authorization-server',
    headers: { ...FORM, Connection: 'close' },
  },
  'a body that is too large': { target: '/oauth/token', headers: FORM, body: 'a='.padEnd(20_000, 'b') },
  'a request for an owner page': { method: 'GET', target: '/connect', headers: FORM },
};

describe('A server sends the same response', () => {
  for (const [what, parts] of Object.entries(REQUESTS)) {
    test(`to ${what} on its own listener, in a host and through fetch`, async (t) => {
      const { server } = await open(t);
      const { url } = await server.listen();
      const closing = { ...parts, headers: { ...parts.headers, Connection: 'close' } };
      const [own] = await sendRaw(url, writeRequest(closing));
      const [hosted] = await sendRaw(await host(t, server.handler), writeRequest(closing));
      assert.ok(own !== undefined && hosted !== undefined);
      assert.deepEqual(withoutConnectionHeaders(hosted), withoutConnectionHeaders(own));
      const fetched = await server.fetch(toRequest(parts));
      assert.deepEqual(
        withoutConnectionHeaders({
          status: fetched.status,
          headers: Object.fromEntries(fetched.headers),
          body: await fetched.text(),
        }),
        withoutConnectionHeaders(own),
      );
    });
  }
});

/** Refreshes in Smartcar's wire format. Returns the new refresh token. */
const refresh = async (
  send: (request: Request) => Promise<Response>,
  base: string,
  { clientId, clientSecret }: { readonly clientId: string; readonly clientSecret: string },
  refreshToken: string,
): Promise<string> => {
  const response = await send(
    new Request(`${base}/oauth/token`, {
      method: 'POST',
      headers: {
        Authorization: `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`,
        'User-Agent': 'trial',
      },
      body: new URLSearchParams({ grant_type: 'refresh_token', refresh_token: refreshToken }),
    }),
  );
  assert.equal(response.status, 200);
  return ((await response.json()) as { refresh_token: string }).refresh_token;
};

describe('A server in a host', () => {
  test('refreshes the same grant through fetch and through the handler', async (t) => {
    const { server } = await open(t, {}, { randomness: systemRandomness });
    const registration = { dialect: 'smartcar', name: 'Charge planner' };
    const { client, clientSecret } = await makeClient(server.deployment, registration);
    const credentials = { clientId: client.id, clientSecret };
    const wanted = { clientId: client.id, subject: 'owner-1', scope: 'read_odometer', brand: undefined };
    const { tokens } = await makeGrant(server.deployment, wanted);
    const second = await refresh(server.fetch, PUBLIC_URL, credentials, tokens.refreshToken);
    const url = await host(t, server.handler);
    const third = await refresh(fetch, url, credentials, second);
    assert.notEqual(third, second);
  });

  test('reports that the host has already read the body, and does not wait for it', async (t) => {
    const { server } = await open(t);
    const url = await host(t, (request, response) => {
      request.resume().once('end', () => server.handler(request, response));
    });
    const response = await fetch(`${url}/oauth/token`, { method: 'POST', body: new URLSearchParams('a=b') });
    assert.equal(response.status, 500);
    assert.match(await response.text(), /Mount Keyfob before body parsers/);
    const request = new Request(`${PUBLIC_URL}/oauth/token`, { method: 'POST', body: 'a=b' });
    await request.text();
    const fetched = await server.fetch(request);
    assert.equal(fetched.status, 500);
    assert.match(await fetched.text(), /Mount Keyfob before body parsers/);
  });

  test('limits headers even if the host allows more', async (t) => {
    const { server } = await open(t, { headersMaxBytes: 2048 });
    const headers = { Padding: 'p'.repeat(2048) };
    const url = await host(t, server.handler);
    assert.equal((await fetch(`${url}/.well-known/jwks.json`, { headers })).status, 431);
    const request = new Request(`${PUBLIC_URL}/.well-known/jwks.json`, { headers });
    assert.equal((await server.fetch(request)).status, 431);
  });

  test('identifies the caller by address, or by X-Forwarded-For if the number of proxies is set', async (t) => {
    const callers = async (settings: Settings) => {
      const { server, events } = await open(t, settings);
      const headers = { 'X-Forwarded-For': '198.51.100.1, 198.51.100.2', 'User-Agent': 'trial' };
      await fetch(`${await host(t, server.handler)}/oauth/token`, { method: 'POST', headers });
      const request = new Request(`${PUBLIC_URL}/oauth/token`, { method: 'POST', headers });
      await server.fetch(request, { address: '203.0.113.9' });
      return events.flatMap((event) => (event.event === 'request.refused' ? event.caller.address : []));
    };
    assert.deepEqual(await callers({}), ['127.0.0.1', '203.0.113.9']);
    assert.deepEqual(await callers({ forwardedHops: 1 }), ['198.51.100.2', '198.51.100.2']);
  });

  test('requires a public URL unless it has its own listener', async (t) => {
    const server = await createAuthorizationServer({ data: directoryFor(t), port: 0 });
    t.after(() => server.close());
    for (const read of [() => server.handler, () => server.fetch, () => server.publicUrl])
      assert.throws(read, (error) => error instanceof OperatorError && error.code === 'public_url_missing');
    const { url } = await server.listen();
    assert.equal(server.publicUrl, url);
    assert.equal(typeof server.handler, 'function');
  });

  test('listens once, however often it is asked, and closes what it opened', async (t) => {
    const server = await createAuthorizationServer({ data: directoryFor(t), port: 0, adminPort: 0 });
    t.after(() => server.close());
    const [first, second] = await Promise.all([server.listen(), server.listen()]);
    assert.deepEqual(second, first);
    assert.deepEqual(await server.listen(), first);
    await server.close();
    await assert.rejects(fetch(first.url));
  });

  test('listens after all once an address that was taken is free', async (t) => {
    const { server: first } = await open(t);
    const port = Number(new URL((await first.listen()).url).port);
    const { server: second } = await open(t, { port });
    await assert.rejects(second.listen(), OperatorError);
    await first.close();
    assert.equal(new URL((await second.listen()).url).port, String(port));
  });

  test('responds with 503 and Retry-After after it is closed', async (t) => {
    const { server } = await open(t);
    const url = await host(t, server.handler);
    await server.close();
    const response = await fetch(`${url}/oauth/token`, { method: 'POST' });
    assert.equal(response.status, 503);
    assert.ok(Number(response.headers.get('retry-after')) > 0);
    await response.arrayBuffer();
  });
});

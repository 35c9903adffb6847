import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import express from 'express';
import { createAuthorizationServer, OperatorError } from '@keyfob/server';
import type { AuthorizationServer, LogEvent, ServerOptions } from '@keyfob/server';
import { host } from '../support/host-program.ts';
import { directoryFor } from '../support/test-directory.ts';

const PUBLIC_URL = 'https://auth.example';
const KEYS = '/.well-known/jwks.json';
const REFRESH = 'grant_type=refresh_token&refresh_token=11111111-1111-4111-8111-111111111111';
const FORM = { 'Content-Type': 'application/x-www-form-urlencoded' };

const open = async (t: TestContext, options: ServerOptions = {}): Promise<AuthorizationServer> => {
  const settings = { data: directoryFor(t), port: 0, publicUrl: PUBLIC_URL, demo: true };
  const server = await createAuthorizationServer(settings, options);
  t.after(() => server.close());
  return server;
};

/** `server.close()` waits for every open request, so a request that is still counted delays it. */
const assertIdle = async (server: AuthorizationServer): Promise<void> => {
  const late = new AbortController();
  const first = await Promise.race([
    server.close().then(() => 'closed'),
    delay(2000, 'still open', { signal: late.signal }).catch(() => ''),
  ]);
  late.abort();
  assert.equal(first, 'closed');
};

describe('An emit that fails', () => {
  const FAILURES: Readonly<Record<string, (event: LogEvent) => void>> = {
    'throws an exception': () => {
      throw new Error('the log is full');
    },
    'returns a rejected promise': () => Promise.reject(new Error('the log is full')) as unknown as undefined,
  };
  for (const [how, emit] of Object.entries(FAILURES)) {
    test(`does not prevent the response if it ${how}`, async (t) => {
      const server = await open(t, { emit });
      const warned = once(process, 'warning');
      assert.equal((await fetch(`${await host(t, server.handler)}/nope`)).status, 404);
      assert.equal((await server.fetch(new Request(`${PUBLIC_URL}/nope`))).status, 404);
      assert.match(String((await warned)[0]), /the log is full/);
      await assertIdle(server);
    });
  }
});

test('an exception outside the routes gives a 500 and an internal.error', async (t) => {
  const events: LogEvent[] = [];
  let isBroken = false;
  const clock = () => {
    if (isBroken) throw new Error('the clock stands still');
    return 1_750_000_000_000;
  };
  const server = await open(t, { clock, emit: (event) => events.push(event) });
  const url = await host(t, server.handler);
  isBroken = true;
  const answered = await fetch(`${url}${KEYS}`);
  const fetched = await server.fetch(new Request(`${PUBLIC_URL}${KEYS}`));
  isBroken = false;
  for (const response of [answered, fetched]) {
    assert.equal(response.status, 500);
    assert.equal(await response.text(), '');
  }
  const causes = events.flatMap((event) => (event.event === 'internal.error' ? event.cause : []));
  assert.equal(causes.length, 2);
  for (const cause of causes) assert.match(cause, /the clock stands still/);
  await assertIdle(server);
});

describe('A host that has touched the request', () => {
  test('gets a response to a drained request without a body', async (t) => {
    const server = await open(t);
    const url = await host(t, (request, response) => {
      request.resume().once('end', () => setImmediate(server.handler, request, response));
    });
    assert.equal((await fetch(`${url}${KEYS}`)).status, 200);
    assert.equal((await fetch(`${url}/oauth/token`, { method: 'POST', headers: FORM })).status, 401);
  });

  test('may have set an encoding', async (t) => {
    const server = await open(t);
    const url = await host(t, (request, response) => {
      request.setEncoding('utf8');
      server.handler(request, response);
    });
    const headers = { ...FORM, Authorization: 'Basic YTpi' };
    for (const [body, status] of [
      [REFRESH, 401],
      [REFRESH.padEnd(100_000, 'b'), 413],
    ] as const)
      assert.equal((await fetch(`${url}/oauth/token`, { method: 'POST', headers, body })).status, status);
  });

  test('keeps the cookies that it has set', async (t) => {
    const server = await open(t);
    const app = express();
    app.use((_request, response, next) => {
      response.cookie('host', 'a');
      response.append('Set-Cookie', 'other=b');
      next();
    });
    app.use('/auth', server.handler);
    const response = await fetch(`${await host(t, app)}/auth/connect`);
    const names = response.headers.getSetCookie().map((cookie) => cookie.split('=')[0]);
    assert.deepEqual(new Set(names), new Set(['__Host-keyfob-session', 'host', 'other']));
    assert.equal(names.length, 3);
  });
});

describe('The base path', () => {
  for (const basePath of ['/auth', '/auth/', '/']) {
    test(`may be ${basePath}`, async (t) => {
      const server = await open(t, { basePath });
      const mount = basePath === '/' ? '' : '/auth';
      assert.equal((await server.fetch(new Request(`${PUBLIC_URL}${mount}${KEYS}`))).status, 200);
    });
  }

  test('may stand behind the well-known path, with a slash at the end or without', async (t) => {
    const server = await open(t, { basePath: '/auth' });
    for (const [path, status] of [
      ['/.well-known/oauth-authorization-server/auth', 200],
      ['/.well-known/oauth-authorization-server/auth/', 200],
      ['/.well-known/oauth-authorization-server/auth//', 404],
      ['/.well-known/oauth-authorization-server/authx', 404],
      ['/.well-known/oauth-authorization-server/', 404],
    ] as const)
      assert.equal((await server.fetch(new Request(`${PUBLIC_URL}${path}`))).status, status, path);
  });

  for (const basePath of [
    'auth',
    '/auth?x',
    '/auth#x',
    '/au th',
    '//',
    '//auth',
    '/auth//',
    '/../auth',
    '/./auth',
  ]) {
    test(`may not be ${basePath}`, async (t) => {
      await assert.rejects(
        createAuthorizationServer({ data: directoryFor(t), publicUrl: PUBLIC_URL }, { basePath }),
        (error) =>
          error instanceof OperatorError &&
          error.code === 'base_path_invalid' &&
          error.remedy.includes('/auth'),
      );
    });
  }
});

describe('A call of fetch', () => {
  test('with a stream of text instead of bytes counts as a request that was cut off', async (t) => {
    const server = await open(t);
    const body = new ReadableStream({
      start(controller) {
        controller.enqueue('grant_type=refresh_token');
        controller.close();
      },
    });
    const init = { method: 'POST', headers: FORM, body, duplex: 'half' } as const;
    assert.equal((await server.fetch(new Request(`${PUBLIC_URL}/oauth/token`, init))).status, 400);
  });

  test('may have null as its second argument', async (t) => {
    const server = await open(t);
    const response = await server.fetch(new Request(`${PUBLIC_URL}${KEYS}`), null as unknown as undefined);
    assert.equal(response.status, 200);
  });
});

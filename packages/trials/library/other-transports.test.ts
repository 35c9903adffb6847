import assert from 'node:assert/strict';
import { once } from 'node:events';
import * as http2 from 'node:http2';
import type {
  ClientHttp2Session,
  Http2ServerRequest,
  Http2ServerResponse,
  IncomingHttpHeaders,
  OutgoingHttpHeaders,
} from 'node:http2';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';
import Fastify from 'fastify';
import { createAuthorizationServer } from '@keyfob/server';
import type { AuthorizationServer, LogEvent } from '@keyfob/server';
import { directoryFor } from '../support/test-directory.ts';

const PUBLIC_URL = 'https://auth.example';
const KEYS = '/.well-known/jwks.json';
const REFRESH = 'grant_type=refresh_token&refresh_token=11111111-1111-4111-8111-111111111111';
const POST = {
  ':method': 'POST',
  ':path': '/oauth/token',
  'content-type': 'application/x-www-form-urlencoded',
  'user-agent': 'trial',
};

const open = async (t: TestContext): Promise<{ server: AuthorizationServer; reasons: readonly string[] }> => {
  const reasons: string[] = [];
  const server = await createAuthorizationServer(
    { data: directoryFor(t), port: 0, publicUrl: PUBLIC_URL, demo: true },
    { emit: (event: LogEvent) => void reasons.push('reason' in event ? event.reason : event.event) },
  );
  t.after(() => server.close());
  return { server, reasons };
};

/** Starts an HTTP/2 host and returns a client session. */
const connect = async (t: TestContext, server: AuthorizationServer): Promise<ClientHttp2Session> => {
  // The types of `node:http2` allow only its own requests, but the handler accepts both kinds.
  const handler = server.handler as unknown as (
    request: Http2ServerRequest,
    response: Http2ServerResponse,
  ) => void;
  const program = http2.createServer({}, handler);
  program.listen(0, '127.0.0.1');
  await once(program, 'listening');
  const session = http2.connect(`http://127.0.0.1:${(program.address() as AddressInfo).port}`);
  t.after(() => {
    session.destroy();
    program.close();
  });
  return session;
};

const send = async (session: ClientHttp2Session, headers: OutgoingHttpHeaders, body = '') => {
  const stream = session.request(headers, { endStream: body === '' });
  if (body !== '') stream.end(body);
  const [received] = (await once(stream, 'response')) as [IncomingHttpHeaders & { ':status': number }];
  return { status: received[':status'], headers: received, body: await text(stream) };
};

describe('HTTP/2', () => {
  test('serves the keys, a page and a refusal', async (t) => {
    const { server, reasons } = await open(t);
    const session = await connect(t, server);
    const keys = await send(session, { ':path': KEYS });
    assert.equal(keys.status, 200);
    assert.ok(Array.isArray(JSON.parse(keys.body).keys));
    const page = await send(session, { ':path': '/connect' });
    assert.equal(page.status, 200);
    assert.equal(page.headers['set-cookie']?.length, 1);
    assert.equal((await send(session, { ...POST, authorization: 'Basic YTpi' }, REFRESH)).status, 401);
    assert.equal((await send(session, { ...POST, ':method': 'PATCH' }, REFRESH)).status, 405);
    const large = await send(session, POST, 'a='.padEnd(100_000, 'b'));
    assert.equal(large.status, 413);
    assert.equal(large.headers.connection, undefined);
    assert.deepEqual(reasons, ['client_unknown', 'method_not_allowed', 'body_too_large']);
    await server.close();
  });

  test('joins cookies that arrive in separate headers', async (t) => {
    const { server } = await open(t);
    const session = await connect(t, server);
    const { headers } = await send(session, { ':path': '/connect' });
    const [own = ''] = headers['set-cookie']?.[0]?.split(';') ?? [];
    const again = await send(session, { ':path': '/connect', cookie: ['a=b', own] });
    assert.equal(again.status, 200);
  });

  test('a request that is cut off is not handled', async (t) => {
    const { server, reasons } = await open(t);
    const session = await connect(t, server);
    const stream = session.request({ ...POST, authorization: 'Basic YTpi' });
    stream.on('error', () => {});
    stream.write(REFRESH);
    // When the server answers a later request, it has received the incomplete one.
    await send(session, { ':path': KEYS });
    const closed = new Promise((resolve) => stream.once('close', resolve));
    stream.destroy(new Error('the client has crashed'));
    await closed;
    await send(session, { ':path': KEYS });
    assert.deepEqual(reasons, []);
  });
});

test('Fastify injects requests without a socket', async (t) => {
  const { server } = await open(t);
  const app = Fastify();
  t.after(() => app.close());
  await app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', (_request, _payload, done) => done(null));
    scope.all('/*', (request, reply) => {
      reply.hijack();
      server.handler(request.raw, reply.raw);
    });
  });
  const keys = await app.inject({ method: 'GET', url: KEYS });
  assert.equal(keys.statusCode, 200);
  assert.notEqual(keys.headers.connection, 'close');
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const refused = await app.inject({ method: 'POST', url: '/oauth/token', headers, payload: REFRESH });
  assert.equal(refused.statusCode, 401);
  const empty = await app.inject({ method: 'POST', url: '/oauth/token', headers });
  assert.equal(empty.statusCode, 401);
  await server.close();
});

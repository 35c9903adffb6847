import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import type { LogEvent } from '../log-event.ts';
import type { WireResponse } from '../wire/exchange.ts';
import type { Endpoints } from './endpoints.ts';
import { createLoad } from './load.ts';
import { createMountPath } from './mount-path.ts';
import { createRequestHandler } from './request-handler.ts';
import { READ_AHEAD_MAX, WAITING_IN_TOTAL_MAX, WAITING_MAX } from './turns.ts';

const request = (path: string, body = ''): string =>
  `POST ${path} HTTP/1.1\r\nHost: fob.example\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
const answer = (body: string): WireResponse => ({ status: 200, headers: {}, body });

/** A server that answers with the path, at `/held` only when `release` is called, and with a long text at `/long`. */
const serve = async (t: TestContext) => {
  const seen: string[] = [];
  const events: LogEvent[] = [];
  const held = Promise.withResolvers<void>();
  const endpoints: Endpoints = {
    answer({ path, body }, _caller, finish) {
      seen.push(path);
      const response = answer(path === '/long' ? 'x'.repeat(4_000_000) : `${path} ${body.length}`);
      if (path === '/held') void held.promise.then(() => finish(response));
      else finish(response);
    },
    refuse: (path, reason) => answer(`${path} ${reason}`),
  };
  const handler = createRequestHandler(
    {
      limits: { bodyMaxBytes: 100_000, headersMaxBytes: 1000, forwardedHops: 0 },
      endpoints,
      load: createLoad(100),
      mountPath: createMountPath(''),
      watchForwarding: () => {},
      emit: (event) => events.push(event),
    },
    { isHosted: false },
  );
  const server = createServer(handler.onRequest).on('timeout', handler.timeOut);
  server.on('checkExpectation', (...given) => handler.refuse(...given, 'expectation_unknown'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const open = (): Socket => connect(port, '127.0.0.1').on('error', () => {});
  return { server, open, seen, events, release: held.resolve };
};

const LAST = 'GET /last HTTP/1.1\r\nHost: fob.example\r\nConnection: close\r\n\r\n';
const bodiesIn = (received: string): readonly string[] =>
  [...received.matchAll(/\r\n\r\n(?<body>\/[^H]*)/g)].map(({ groups }) => groups?.['body'] ?? '');

void test('a request is not answered before the answers to earlier ones of its connection', async (t) => {
  const { open, seen, release } = await serve(t);
  const socket = open();
  socket.write(request('/held') + request('/second'));
  const other = open();
  other.write(LAST);
  await text(other);
  assert.deepEqual(seen, ['/held', '/last'], 'another connection does not wait');
  release();
  socket.write(LAST);
  assert.deepEqual(bodiesIn(await text(socket)), ['/held 0', '/second 0', '/last 0']);
});

void test('any number of requests is answered as long as their connection has to stop sending', async (t) => {
  const { open } = await serve(t);
  const socket = open();
  const count = 1000;
  // Each read of 64 KiB brings fewer requests than may wait.
  const body = 'x'.repeat(400);
  socket.write(Array.from({ length: count }, (_, index) => request(`/${index}`, body)).join('') + LAST);
  const expected = Array.from({ length: count }, (_, index) => `/${index} 400`);
  assert.deepEqual(bodiesIn(await text(socket)), [...expected, '/last 0']);
});

void test('a body that is larger than what is read ahead arrives in its turn', async (t) => {
  const { open } = await serve(t);
  const socket = open();
  const many = Array.from({ length: READ_AHEAD_MAX * 2 }, (_, index) => request(`/${index}`));
  socket.write(many.join('') + request('/large', 'x'.repeat(90_000)) + LAST);
  assert.deepEqual(bodiesIn(await text(socket)).slice(-2), ['/large 90000', '/last 0']);
});

void test('requests whose expectation is unknown take turns too', async (t) => {
  const { open } = await serve(t);
  const socket = open();
  const unknown = 'GET /odd HTTP/1.1\r\nHost: fob.example\r\nExpect: a miracle\r\n\r\n';
  socket.write(request('/first') + unknown + LAST);
  assert.deepEqual(bodiesIn(await text(socket)), ['/first 0', '/odd expectation_unknown', '/last 0']);
});

void test('as many requests as may wait are answered', async (t) => {
  const { open } = await serve(t);
  const socket = open();
  socket.write(request('/more').repeat(WAITING_MAX) + LAST);
  assert.equal(bodiesIn(await text(socket)).length, WAITING_MAX + 1);
});

void test('with one more in a read, the connection is dropped, and nothing is made of its requests', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { open, events, seen } = await serve(t);
  const socket = open();
  socket.write(request('/more').repeat(WAITING_MAX + 1) + LAST);
  assert.equal(await text(socket).catch(() => ''), '');
  assert.deepEqual(seen, []);
  t.mock.timers.tick(10_000);
  const caller = { address: '127.0.0.1', userAgent: '' };
  assert.deepEqual(events, [{ event: 'connection.dropped', reason: 'too_many_waiting', count: 1, caller }]);
});

void test('of what a dropped connection sent, Node makes no further requests', async (t) => {
  const { server, open } = await serve(t);
  let requests = 0;
  server.on('request', () => requests++);
  const socket = open();
  socket.write(request('/more').repeat(WAITING_MAX * 4));
  assert.equal(await text(socket).catch(() => ''), '');
  assert.ok(requests <= WAITING_MAX + 2, `${requests} requests`);
});

void test('a client that does not read holds one answer, and gets no further one before it reads', async (t) => {
  const { open, seen } = await serve(t);
  const socket = open();
  socket.pause();
  // More than the buffers of the kernel take.
  socket.write(request('/long').repeat(20));
  const other = open();
  other.write(LAST);
  await text(other);
  const started = seen.filter((path) => path === '/long').length;
  assert.ok(started < 20, `${started} answers`);
  socket.resume();
  socket.write(LAST);
  assert.equal((await text(socket)).match(/200 OK/g)?.length, 21);
});

void test('an answer that is not taken in time ends its connection', async (t) => {
  const { server, open, seen } = await serve(t);
  server.timeout = 50;
  const socket = open();
  socket.pause();
  socket.write(request('/long').repeat(20));
  const [accepted] = (await once(server, 'connection')) as [Socket];
  await once(accepted, 'close');
  assert.ok(seen.length < 20);
});

void test('what waits in total is bounded, and counted down when connections end', async (t) => {
  const { server, open } = await serve(t);
  const perConnection = WAITING_MAX - 6;
  const connections = WAITING_IN_TOTAL_MAX / perConnection;
  for (let round = 0; round < 2; round++) {
    const ends: Promise<unknown>[] = [];
    server.on('connection', (socket: Socket) => ends.push(once(socket, 'close')));
    const waiting = Promise.withResolvers<void>();
    let requests = 0;
    server.on('request', () => {
      if (++requests === connections * (perConnection + 1)) waiting.resolve();
    });
    const holding = Array.from({ length: connections }, open);
    for (const socket of holding) socket.write(request('/held') + request('/more').repeat(perConnection));
    await waiting.promise;
    const late = open();
    late.write(request('/held') + request('/more'));
    await once(late, 'close');
    const polite = open();
    polite.write(LAST);
    assert.deepEqual(bodiesIn(await text(polite)), ['/last 0']);
    server.closeAllConnections();
    await Promise.all(ends);
  }
});

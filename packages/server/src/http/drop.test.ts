import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import type { WireRequest, WireResponse } from '../wire/exchange.ts';
import type { Endpoints } from './endpoints.ts';
import { createFetchHandler } from './fetch-handler.ts';
import { createLoad } from './load.ts';
import { createMountPath } from './mount-path.ts';
import { createRequestHandler } from './request-handler.ts';
import type { HandlerContext } from './request-handler.ts';

const answer = (body: string): WireResponse => ({ status: 200, headers: {}, body });
const LOST: WireResponse = { ...answer('lost'), dropsConnection: true };

/** Answers with its path, later for `/slow` than for others, and drops the connection at `/lost`. */
const endpoints: Endpoints = {
  answer({ path }, _caller, done) {
    if (path === '/slow') setImmediate(done, answer(path));
    else done(path === '/lost' ? LOST : answer(path));
  },
  refuse: (path) => answer(path),
};

const CONTEXT: HandlerContext = {
  limits: { bodyMaxBytes: 1000, headersMaxBytes: 1000, forwardedHops: 0 },
  endpoints,
  load: createLoad(100),
  mountPath: createMountPath(''),
  watchForwarding: () => {},
  emit: () => {},
};

/** Everything that a server sends back on one connection for these paths, requested all at once. */
const receive = async (paths: readonly string[]): Promise<string> => {
  const server = createServer(createRequestHandler(CONTEXT, { isHosted: false }).onRequest);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  socket.write(paths.map((path) => `GET ${path} HTTP/1.1\r\nHost: fob.example\r\n\r\n`).join(''));
  const received = await text(socket);
  server.close();
  return received;
};

test('a forwarding header is watched for by one watch, however its request arrives', async () => {
  const seen: (string | undefined)[] = [];
  const context = {
    ...CONTEXT,
    watchForwarding: (headers: WireRequest['headers']) => void seen.push(headers['x-forwarded-for']),
  };
  const headers = { 'X-Forwarded-For': '192.0.2.7' };
  const server = createServer(createRequestHandler(context, { isHosted: true }).onRequest);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await fetch(`http://127.0.0.1:${port}/`, { headers: { ...headers, Connection: 'close' } });
  server.close();
  await createFetchHandler(context)(new Request('http://fob.example/', { headers }));
  assert.deepEqual(seen, ['192.0.2.7', '192.0.2.7']);
});

test('a response that drops its connection sends no byte', async () => {
  assert.equal(await receive(['/lost']), '');
});

test('answers to earlier requests on the connection leave first, and later requests get none', async () => {
  const received = await receive(['/slow', '/lost', '/later']);
  assert.match(received, /^HTTP\/1\.1 200 OK\r\n[^]*\/slow$/);
});

test('to a caller of the Fetch standard a dropped connection is a network error', async () => {
  const response = await createFetchHandler(CONTEXT)(new Request('http://fob.example/lost'));
  assert.equal(response.type, 'error');
});

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { timeOutAnswers } from './answer-timeout.ts';
import { createConnections } from './connection.ts';

const TIMEOUT_MS = 100;
const REQUEST = 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n';

/** A server that notes each response as the edge does, and a client with one request sent. */
const openConversation = async (context: TestContext, onRequest: RequestListener) => {
  const connections = createConnections();
  const server = createServer((request, response) => {
    connections.of(request.socket).current = response;
    onRequest(request, response);
  });
  timeOutAnswers(server, connections.of, TIMEOUT_MS);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  context.after(() => {
    client.destroy();
    server.closeAllConnections();
    server.close();
  });
  client.write(REQUEST);
  return { server, client };
};

test('a request that gets no answer times out', async (context) => {
  const { server } = await openConversation(context, () => {});
  await once(server, 'timeout');
});

test('an answer that nobody reads times out', async (context) => {
  const { server, client } = await openConversation(context, (_request, response) => {
    response.end(Buffer.alloc(64 * 1024 * 1024));
  });
  client.pause();
  await once(server, 'timeout');
});

test('a connection times out at a later request too', async (context) => {
  let requests = 0;
  const { server, client } = await openConversation(context, (_request, response) => {
    if (++requests < 3) response.end('ok');
  });
  client.on('data', () => client.write(REQUEST));
  await once(server, 'timeout');
  assert.equal(requests, 3);
});

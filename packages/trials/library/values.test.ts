import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';
import { createAuthorizationServer } from '@keyfob/server';
import type { LogEvent } from '@keyfob/server';
import { keyTextSource, openMemoryStore } from '@keyfob/server/stores';
import { createKeyLines } from '@keyfob/server/tokens';

const REQUEST_ID = '4d7a1c55-6b0e-4a8e-9d0a-0b8f6f2f5b11';
const NO_REQUEST = {
  method: 'GET',
  path: '/auth/.well-known/jwks.json',
  query: '',
  headers: {},
  body: Buffer.alloc(0),
};

const open = async (t: TestContext, basePath = '/auth') => {
  const events: LogEvent[] = [];
  const store = openMemoryStore();
  const server = await createAuthorizationServer(
    { publicUrl: `https://host.example${basePath}` },
    {
      basePath,
      store,
      keys: keyTextSource(createKeyLines(1, 1_700_000_000)),
      emit: (event) => void events.push(event),
    },
  );
  t.after(async () => {
    await server.close();
    await store.close();
  });
  return { server, events };
};

describe('A request as a plain value', () => {
  test('is answered below the base path, with the names of headers as the vendor writes them', async (t) => {
    const { server } = await open(t);
    const answer = await server.respond(NO_REQUEST);
    assert.equal(answer.status, 200);
    const token = { ...NO_REQUEST, method: 'POST', path: '/auth/oauth/token' };
    const refused = await server.respond(token);
    assert.equal(refused.status, 400);
    assert.equal(refused.headers['Content-Type'], 'application/json');
    assert.equal((await server.respond({ ...NO_REQUEST, path: '/elsewhere' })).status, 404);
  });

  test('has the id and the address that the host gives it, in the answer and in its log events', async (t) => {
    const { server, events } = await open(t);
    const token = { ...NO_REQUEST, method: 'POST', path: '/auth/oauth/token' };
    const { headers } = await server.respond(token, { requestId: REQUEST_ID, address: '192.0.2.1' });
    assert.ok(Object.values(headers).includes(REQUEST_ID));
    const refused = events.find(({ event }) => event === 'request.refused');
    assert.ok(refused?.event === 'request.refused');
    assert.deepEqual([refused.requestId, refused.caller.address], [REQUEST_ID, '192.0.2.1']);
  });

  test('of the Fetch standard has the same id', async (t) => {
    const { server } = await open(t);
    const request = new Request('https://host.example/auth/oauth/token', { method: 'POST' });
    const response = await server.fetch(request, { requestId: REQUEST_ID });
    assert.equal(response.headers.get('sc-request-id'), REQUEST_ID);
  });

  test('is refused where it is too large', async (t) => {
    const { server } = await open(t);
    const token = { ...NO_REQUEST, method: 'POST', path: '/auth/oauth/token' };
    assert.equal((await server.respond({ ...token, body: Buffer.alloc(20_000) })).status, 413);
    const headers = { 'x-large': 'x'.repeat(20_000) };
    assert.equal((await server.respond({ ...token, headers })).status, 431);
  });
});

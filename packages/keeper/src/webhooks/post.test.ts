import assert from 'node:assert/strict';
import type { LookupAddress } from 'node:dns';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import { createAddressRule } from './address-rule.ts';
import { createPost } from './post.ts';

const MESSAGE = { headers: { 'content-length': '2' }, body: '{}' };
const never = new AbortController().signal;

const serverFor = async (scope: TestContext, answer: RequestListener): Promise<number> => {
  const server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  scope.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return (server.address() as AddressInfo).port;
};

const resolvesTo =
  (...addresses: string[]) =>
  (_name: string, _options: object, callback: (error: null, found: LookupAddress[]) => void): void =>
    callback(
      null,
      addresses.map((address) => ({ address, family: 4 })),
    );

describe('posting a message', () => {
  it('a name that leads to a private address is not connected to', async (scope) => {
    let requests = 0;
    const port = await serverFor(scope, (_, response) => {
      requests += 1;
      response.end();
    });
    const post = createPost(createAddressRule([]), { lookup: resolvesTo('127.0.0.1', '10.0.0.1') });
    const url = `http://hook.example:${port}/`;
    assert.match((await post({ ...MESSAGE, url }, never)).error ?? '', /private/);
    assert.equal(requests, 0);
    const allowing = createPost(createAddressRule(['127.0.0.0/8']), {
      lookup: resolvesTo('10.0.0.1', '127.0.0.1'),
    });
    assert.deepEqual(await allowing({ ...MESSAGE, url }, never), { status: 200 });
    assert.equal(requests, 1);
  });

  it('a redirect is an answer, and is not followed', async (scope) => {
    const port = await serverFor(scope, (_, response) =>
      response.writeHead(302, { location: '/next' }).end(),
    );
    assert.deepEqual(
      await createPost(createAddressRule([]))({ ...MESSAGE, url: `http://localhost:${port}/` }, never),
      {
        status: 302,
      },
    );
  });

  it('no answer, no connection and a stop are three outcomes', async (scope) => {
    const port = await serverFor(scope, () => undefined);
    const url = `http://127.0.0.1:${port}/`;
    const post = createPost(createAddressRule([]), { attemptMs: 50 });
    assert.equal((await post({ ...MESSAGE, url }, never)).error, 'no answer in 0.05 s');
    assert.equal((await post({ ...MESSAGE, url }, AbortSignal.abort())).error, 'this node stopped');
    assert.equal((await post({ ...MESSAGE, url: 'http://127.0.0.1:1/' }, never)).error, 'ECONNREFUSED');
  });
});

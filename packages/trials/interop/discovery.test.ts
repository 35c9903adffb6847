import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer, request as send } from 'node:http';
import type { IncomingMessage, RequestOptions } from 'node:http';
import { createServer, isIP } from 'node:net';
import type { AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import { createAuthorizationServer } from '@keyfob/server';
import type { AuthorizationServer, Settings } from '@keyfob/server';
import { directoryFor } from '../support/test-directory.ts';
import type { Scope } from '../support/test-directory.ts';
import { discover, leadThrough } from './strict-client.ts';

const HAS_IPV6 = Object.values(networkInterfaces()).some((list) =>
  list?.some(({ address }) => address === '::1'),
);

const open = async (scope: Scope, settings: Settings): Promise<AuthorizationServer> => {
  const server = await createAuthorizationServer({ data: directoryFor(scope), port: 0, ...settings });
  scope.after(() => server.close());
  return server;
};

describe('A server without a public URL', () => {
  for (const [host, reached] of [
    ['127.0.0.1', '127.0.0.1'],
    ['localhost', 'localhost'],
    ['0.0.0.0', '127.0.0.1'],
    ['::', '[::1]'],
    ['[::]', '[::1]'],
    ['[::1]', '[::1]'],
    ['0:0:0:0:0:0:0:1', '[::1]'],
    ['LOCALHOST', 'localhost'],
    ['127.1', '127.0.0.1'],
    ['0', '127.0.0.1'],
  ] as const) {
    const skip = isIP(host.replaceAll(/[[\]]/g, '')) === 6 && !HAS_IPV6 && 'this machine has no IPv6';
    test(
      `on ${host} is discovered by a strict client through the address that it prints`,
      { skip },
      async (t) => {
        const server = await open(t, { host });
        const { url } = await server.listen();
        assert.equal(new URL(url).hostname, reached);
        assert.equal(server.publicUrl, url);
        assert.equal(new URL(url).href, `${url}/`, 'as parsers of URLs write it');
        const configuration = await discover(url);
        assert.equal(configuration.serverMetadata().issuer, url);
      },
    );
  }
});

/** A proxy that serves `/keyfob` and removes it from the path, as nginx does with `proxy_pass http://server/`. */
const openPrefixProxy = async (scope: Scope) => {
  const proxy = { target: {} as RequestOptions, url: '', largestHeaderBytes: 0 };
  const server = createHttpServer((incoming, outgoing) => {
    const { method, headers, url = '' } = incoming;
    const path = url.replace(/^\/keyfob(?=\/)/, '');
    const onward = send({ ...proxy.target, method, path, headers }, (answer) => {
      const bytes = answer.rawHeaders.reduce((sum, text) => sum + text.length + 2, 0);
      proxy.largestHeaderBytes = Math.max(proxy.largestHeaderBytes, bytes);
      outgoing.writeHead(answer.statusCode ?? 500, answer.rawHeaders);
      answer.pipe(outgoing);
    });
    incoming.pipe(onward);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  scope.after(() => {
    server.close().closeAllConnections();
  });
  proxy.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/keyfob`;
  return proxy;
};

/** A socket as a killed process leaves it: nobody listens. */
const leaveDeadSocket = async (path: string): Promise<void> => {
  const server = createServer().listen(path);
  await once(server, 'listening');
  renameSync(path, `${path}.kept`);
  server.close();
  await once(server, 'close');
  renameSync(`${path}.kept`, path);
};

describe('A server on a Unix socket, below a path prefix of a proxy', () => {
  test('leads a strict client from discovery through consent to tokens, in headers that nginx accepts', async (t) => {
    const proxy = await openPrefixProxy(t);
    const socketPath = join(directoryFor(t), 'public.sock');
    await leaveDeadSocket(socketPath);
    const server = await open(t, { socket: socketPath, publicUrl: proxy.url, demo: true });
    assert.equal((await server.listen()).url, `unix:${socketPath}`);
    proxy.target = { socketPath };
    await leadThrough(server, proxy.url);
    assert.ok(proxy.largestHeaderBytes <= 4096 - 30, `${proxy.largestHeaderBytes} bytes`);
  });

  test('replaces a dead socket for one server only, where two start at once', async (t) => {
    const socket = join(directoryFor(t), 'public.sock');
    await leaveDeadSocket(socket);
    const settings = { socket, publicUrl: 'https://cars.example' };
    const servers = await Promise.all([open(t, settings), open(t, settings)]);
    const outcomes = await Promise.allSettled(servers.map((server) => server.listen()));
    assert.deepEqual(outcomes.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
    const answer = send({ socketPath: socket, path: '/openapi.json' }).end();
    const [{ statusCode }] = (await once(answer, 'response')) as [IncomingMessage];
    assert.equal(statusCode, 200);
    answer.destroy();
    assert.deepEqual(readdirSync(dirname(socket)), ['public.sock']);
  });

  test('leaves a file in peace that is no socket', async (t) => {
    const socket = join(directoryFor(t), 'public.sock');
    writeFileSync(socket, 'something else');
    const server = await open(t, { socket, publicUrl: 'https://cars.example' });
    await assert.rejects(server.listen(), { code: 'address_unusable', remedy: /no other file/ });
    assert.equal(readFileSync(socket, 'utf8'), 'something else');
  });

  test('refuses a socket on which another server listens', async (t) => {
    const socket = join(directoryFor(t), 'public.sock');
    const publicUrl = 'https://cars.example';
    await (await open(t, { socket, publicUrl })).listen();
    const second = await open(t, { socket, publicUrl });
    await assert.rejects(second.listen(), { code: 'address_in_use', remedy: /--socket/ });
  });
});

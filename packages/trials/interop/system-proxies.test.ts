import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { createAuthorizationServer } from '@keyfob/server';
import type { AuthorizationServer, Settings } from '@keyfob/server';
import { readDocument } from '../docs/documents.ts';
import { findPort } from '../support/postgres/cluster.ts';
import { directoryFor } from '../support/test-directory.ts';
import type { Scope } from '../support/test-directory.ts';
import { discover, leadThrough } from './strict-client.ts';
import { openFolderFor, startProxy, SYSTEM_PROXIES } from '../support/system-proxy.ts';
import type { SystemProxy } from '../support/system-proxy.ts';

/** The configuration of a web server in the page, without its indentation. */
const readBlock = (language: string): string => {
  const [, block = ''] = new RegExp(`^  \`\`\`${language}\\n([^]*?)^  \`\`\`$`, 'm').exec(
    readDocument('docs/operations.md'),
  ) ?? [''];
  assert.notEqual(block, '', `docs/operations.md has no block of ${language}`);
  return block;
};

const open = async (scope: Scope, settings: Settings): Promise<AuthorizationServer> => {
  const server = await createAuthorizationServer({ data: directoryFor(scope), demo: true, ...settings });
  scope.after(() => server.close());
  return server;
};

/** A server behind a web server with the configuration of the page; `issuer` is its public URL. */
const openBehind = async (scope: Scope, proxy: SystemProxy, socket?: string) => {
  const port = await findPort();
  const issuer = `http://127.0.0.1:${port}/keyfob`;
  const settings = { publicUrl: issuer, forwardedHops: 1, keepAliveTimeoutSeconds: 75 };
  const server = await open(scope, { ...settings, ...(socket === undefined ? { port: 0 } : { socket }) });
  const { url } = await server.listen();
  const address = socket === undefined ? { port: Number(new URL(url).port) } : { socket };
  await startProxy(scope, proxy, { port, block: proxy.backend(address, readBlock(proxy.name)) });
  return { server, issuer, url };
};

/** What lets a client repeat its request, and never takes its token for dead. */
const assertOutage = async (answer: Response): Promise<void> => {
  assert.equal(answer.status, 503);
  assert.ok(Number(answer.headers.get('retry-after')) > 0, 'Retry-After');
  assert.equal(answer.headers.get('cache-control'), 'no-store');
  assert.match(answer.headers.get('content-type') ?? '', /^application\/json\b/);
  assert.equal(((await answer.json()) as { error: string }).error, 'temporarily_unavailable');
};

for (const proxy of SYSTEM_PROXIES)
  describe(`A server behind ${proxy.name} with the configuration of the page`, { skip: proxy.skip }, () => {
    test('leads a strict client from discovery through consent to tokens', async (t) => {
      const { server, issuer } = await openBehind(t, proxy);
      await leadThrough(server, issuer);
      const origin = new URL(issuer).origin;
      for (const name of ['oauth-authorization-server', 'oauth-protected-resource'])
        assert.equal((await fetch(`${origin}/.well-known/${name}/keyfob`)).status, 200, name);
      // A slash at the end comes to no redirect, which would post the secret again.
      const slash = await fetch(`${issuer}/oauth/token/`, { method: 'POST', redirect: 'manual' });
      assert.equal(slash.status, 400);
    });

    test('does so through a Unix socket', async (t) => {
      const { server, issuer } = await openBehind(t, proxy, join(openFolderFor(t), 'public.sock'));
      await leadThrough(server, issuer);
    });

    test('counts failed authentication by the address that the proxy names', async (t) => {
      const { issuer } = await openBehind(t, proxy);
      await discover(issuer);
      const statuses = await Promise.all(
        Array.from({ length: 40 }, (_, caller) =>
          fetch(`${issuer}/oauth/token`, {
            method: 'POST',
            // Who forges an entry gains nothing: the proxy adds its own.
            headers: { 'X-Forwarded-For': `192.0.2.${caller}` },
            body: new URLSearchParams({
              grant_type: 'refresh_token',
              refresh_token: crypto.randomUUID(),
              client_id: 'nobody',
              client_secret: 'x',
            }),
          }).then(({ status }) => status),
        ),
      );
      assert.ok(statuses.includes(429), statuses.join(' '));
    });

    test('shows an outage while the server is stopped, and goes on as soon as it runs again', async (t) => {
      const { server, issuer, url } = await openBehind(t, proxy);
      await discover(issuer);
      await server.close();
      const token = `${issuer}/oauth/token`;
      await assertOutage(await fetch(token, { method: 'POST', body: 'grant_type=refresh_token' }));
      await assertOutage(
        await fetch(`${new URL(issuer).origin}/.well-known/oauth-authorization-server/keyfob`),
      );
      const next = await open(t, { publicUrl: issuer, port: Number(new URL(url).port) });
      await next.listen();
      const { status } = await fetch(token, { method: 'POST', body: 'grant_type=refresh_token' });
      assert.equal(status, 400);
    });

    test('shows an outage when the server dies in the middle of a request, and passes on its own 503', async (t) => {
      const answers = ['', 'HTTP/1.1 503 Busy\r\nRetry-After: 7\r\nContent-Length: 2\r\n\r\n{}'];
      const failing = createServer((socket) => socket.once('data', () => socket.end(answers.shift() ?? '')));
      failing.listen(0, '127.0.0.1');
      await once(failing, 'listening');
      t.after(() => failing.close());
      const port = await findPort();
      const block = proxy.backend({ port: (failing.address() as AddressInfo).port }, readBlock(proxy.name));
      await startProxy(t, proxy, { port, block });
      const token = `http://127.0.0.1:${port}/keyfob/oauth/token`;
      await assertOutage(await fetch(token, { method: 'POST', body: 'grant_type=refresh_token' }));
      const own = await fetch(token, { method: 'POST', body: 'grant_type=refresh_token' });
      assert.deepEqual([own.status, own.headers.get('retry-after'), await own.text()], [503, '7', '{}']);
    });
  });

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';
import { CONNECTIONS_MAX } from './connections.ts';
import { plain } from './exchange.ts';
import type { AdminPages, AdminStream } from './exchange.ts';
import { listenForAdmin } from './listen.ts';

const ADDRESS = { host: '127.0.0.1', port: 0, allowedHosts: [] };
const HEAD = 'Host: localhost\r\n';
const LAST = `GET /livez HTTP/1.1\r\n${HEAD}Connection: close\r\n\r\n`;

const listen = async (t: TestContext, pages: AdminPages) => {
  const failures: unknown[] = [];
  const routes = new Map([['/livez', async () => plain(200, 'alive')]]);
  const listener = await listenForAdmin(ADDRESS, { routes, pages }, (error) => failures.push(error));
  t.after(() => listener.close());
  const open = (): Socket => connect(Number(new URL(listener.url).port), '127.0.0.1').on('error', () => {});
  return { url: listener.url, open, failures };
};

const listenWithStream = (t: TestContext, run: AdminStream) =>
  listen(t, async () => ({ ...plain(200, ''), stream: { run, holder: 'somebody', isDeveloper: false } }));

const untilLeft: AdminStream = ({ write, signal }) => {
  write('the beginning');
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve()));
};

describe('a stranger', () => {
  test('gets one answer at a time, however much a connection sends', async (t) => {
    let begun = 0;
    const first = Promise.withResolvers<void>();
    const { open } = await listen(t, async () => {
      begun++;
      await first.promise;
      return plain(200, 'done');
    });
    const socket = open();
    socket.write(`GET /console HTTP/1.1\r\n${HEAD}\r\n`.repeat(100));
    const other = open();
    other.write(LAST);
    await text(other);
    assert.equal(begun, 1);
    first.resolve();
    socket.write(LAST);
    assert.equal((await text(socket)).split('done').length - 1, 100);
  });

  test('is cut off who sends thousands of requests and reads no answer', async (t) => {
    let begun = 0;
    const { open } = await listen(t, () => {
      begun++;
      return new Promise(() => {});
    });
    const socket = open();
    const closed = new Promise((resolve) => socket.on('close', resolve));
    socket.write(`GET /console HTTP/1.1\r\n${HEAD}\r\n`.repeat(20_000));
    await closed;
    assert.equal(begun, 1);
  });

  for (const [name, sent] of [
    ['say nothing', ''],
    ['never end their headers', `GET /livez HTTP/1.1\r\n`],
    ['never end their body', `POST /console HTTP/1.1\r\n${HEAD}Content-Length: 9\r\n\r\n`],
    ['had their answer', `GET /livez HTTP/1.1\r\n${HEAD}\r\n`],
  ] as const)
    test(`keeps no probe out with connections that ${name}`, async (t) => {
      const { open } = await listen(t, async () => plain(200, 'done'));
      const sockets = Array.from({ length: CONNECTIONS_MAX + 20 }, open);
      t.after(() => sockets.forEach((socket) => socket.destroy()));
      await Promise.all(sockets.map((socket) => once(socket, 'connect')));
      for (const socket of sockets) socket.write(sent);
      const probe = open();
      probe.write(LAST);
      assert.match(await text(probe), /^HTTP\/1\.1 200/);
    });
});

describe('every answer', () => {
  for (const [method, path, status] of [
    ['GET', '/livez', 200],
    ['POST', '/livez', 405],
    ['GET', '/nothing', 404],
    ['GET', '/bug', 500],
  ] as const)
    test(`runs and frames nothing, and is not kept: ${status}`, async (t) => {
      const { url } = await listen(t, async ({ path: asked }) => {
        if (asked === '/bug') throw new Error('a bug');
        return undefined;
      });
      const response = await fetch(`${url}${path}`, { method });
      assert.equal(response.status, status);
      assert.equal(
        response.headers.get('Content-Security-Policy'),
        `default-src 'none'; frame-ancestors 'none'`,
      );
      assert.equal(response.headers.get('Cache-Control'), 'no-store');
      assert.equal(response.headers.get('X-Content-Type-Options'), 'nosniff');
    });
});

describe('an answer that goes on', () => {
  test('is kept from no operator by developers, who may belong to other companies', async (t) => {
    const { url } = await listen(t, async ({ path }) => {
      const [, role, holder = ''] = path.split('/');
      return { ...plain(200, ''), stream: { run: untilLeft, holder, isDeveloper: role === 'developer' } };
    });
    const openOf = async (role: string, holder: number): Promise<number> =>
      (await fetch(`${url}/${role}/${role}${holder}`)).status;
    for (let holder = 0; holder < 10; holder++) assert.equal(await openOf('developer', holder), 200);
    assert.equal(await openOf('developer', 10), 503);
    for (let holder = 0; holder < 10; holder++) assert.equal(await openOf('operator', holder), 200);
    assert.equal(await openOf('operator', 10), 503);
  });

  test('does not look whole where it fails on the way', async (t) => {
    const { url, failures } = await listenWithStream(t, async ({ write, drained }) => {
      write('the beginning');
      await drained();
      throw new Error('the store is gone');
    });
    await assert.rejects(async () => (await fetch(url)).text());
    assert.equal(failures.length, 1);
  });

  test('does not look whole where it was cut', async (t) => {
    const { url, failures } = await listenWithStream(t, async ({ write, drained }) => {
      write('the beginning');
      await drained();
      return 'cut';
    });
    await assert.rejects(async () => (await fetch(url)).text());
    assert.deepEqual(failures, []);
  });

  test('leaves nothing behind for each time that it waited for its reader', async (t) => {
    const warnings: Error[] = [];
    const note = (warning: Error): void => void warnings.push(warning);
    process.on('warning', note);
    t.after(() => process.off('warning', note));
    const { url } = await listenWithStream(t, async ({ write, drained }) => {
      for (let part = 0; part < 40; part++) {
        write('x'.repeat(200_000));
        await drained();
      }
    });
    assert.equal((await (await fetch(url)).text()).length, 8_000_000);
    assert.deepEqual(warnings, []);
  });
});

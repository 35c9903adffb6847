import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { systemClock } from '../time.ts';
import { sendByHttp } from './exchange.ts';
import type { Exchange } from './exchange.ts';

const PAIR = JSON.stringify({ access_token: 'a', refresh_token: 'r' });

/** What a send to a server with this behaviour brings. */
const exchangeWith = async (
  scope: TestContext,
  listener: RequestListener,
  deadlineMs = 60_000,
): Promise<Exchange> => {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  scope.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const request = { url, headers: {}, body: 'x=y' };
  return sendByHttp(request, { deadlineMs, clock: systemClock, maySend: () => true });
};

describe('an answer that nobody expects', () => {
  for (const [encoding, compress] of [
    ['gzip', gzipSync],
    ['GZIP', gzipSync],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
  ] as const)
    it(`is read although it is compressed without being asked for (${encoding})`, async (scope) => {
      const exchange = await exchangeWith(scope, (_, response) =>
        response.writeHead(200, { 'content-encoding': encoding }).end(compress(PAIR)),
      );
      assert.deepEqual([exchange.kind, 'body' in exchange && exchange.body], ['answered', PAIR]);
    });

  it('is read as it came where it is not what its encoding says', async (scope) => {
    for (const encoding of ['gzip', 'deflate', 'br', 'zstd']) {
      const exchange = await exchangeWith(scope, (_, response) =>
        response.writeHead(200, { 'content-encoding': encoding }).end(PAIR),
      );
      assert.deepEqual([exchange.kind, 'body' in exchange && exchange.body], ['answered', PAIR], encoding);
    }
  });

  it('is unanswered where it grows without end, and what came before that is kept', async (scope) => {
    for (const [encoding, body] of [
      ['gzip', gzipSync(PAIR + ' '.repeat(50_000_000))],
      ['identity', Buffer.from(PAIR + ' '.repeat(1_000_000))],
    ] as const) {
      const exchange = await exchangeWith(scope, (_, response) =>
        response.writeHead(200, { 'content-encoding': encoding }).end(body),
      );
      assert.equal(exchange.kind, 'unanswered');
      assert.equal('partOfBody' in exchange && exchange.partOfBody?.startsWith(PAIR), true);
    }
  });

  it('keeps every byte of a body in another character set', async (scope) => {
    const text = '{"access_token":"a","name":"\u00e9"}';
    const plain = JSON.stringify(JSON.parse(text));
    for (const body of [
      Buffer.from(plain, 'latin1'),
      Buffer.from(plain),
      Buffer.from(`\uFEFF${plain}`, 'utf16le'),
      Buffer.from(`\uFEFF${plain}`, 'utf16le').swap16(),
    ]) {
      const exchange = await exchangeWith(scope, (_, response) => response.end(body));
      assert.equal('body' in exchange && exchange.body, plain);
    }
  });

  it('is unanswered where the server wants to speak another protocol', async (scope) => {
    const exchange = await exchangeWith(scope, (request) =>
      request.socket.end('HTTP/1.1 101 Switching\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n'),
    );
    assert.equal(exchange.kind, 'unanswered');
  });

  it('is read after any number of provisional ones', async (scope) => {
    const exchange = await exchangeWith(scope, (_, response) => {
      response.writeProcessing();
      response.writeEarlyHints({ link: '</x>; rel=preload' });
      response.end(PAIR);
    });
    assert.equal(exchange.kind, 'answered');
  });
});

describe('a request whose deadline comes while the store is still asked', () => {
  it('is not sent, and stays so', async (scope) => {
    const got: string[] = [];
    const server = createServer((request) => void got.push(request.method ?? '')).listen(0, '127.0.0.1');
    await once(server, 'listening');
    scope.after(() => {
      server.closeAllConnections();
      server.close();
    });
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    let allow: ((isAllowed: boolean) => void) | undefined;
    const exchange = await sendByHttp(
      { url, headers: {}, body: 'x=y' },
      {
        deadlineMs: 50,
        clock: systemClock,
        maySend: () => new Promise((resolve) => (allow = resolve)),
      },
    );
    assert.deepEqual(exchange, { kind: 'not_sent', why: 'timeout' });
    allow?.(true);
    await new Promise((resolve) => void setImmediate(resolve));
    assert.deepEqual(got, []);
  });
});

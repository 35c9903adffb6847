import assert from 'node:assert/strict';
import { once } from 'node:events';
import { it } from 'node:test';
import { readRefusal, tryBadInput } from './trial.ts';
import type { Cases } from './trial.ts';
import { openRaw, sendRaw, writeChunks, writeRequest } from '../../support/raw-request.ts';
import type { RequestParts } from '../../support/raw-request.ts';

const header = (name: string, value: string | readonly string[] | undefined): RequestParts => ({
  headers: { [name]: value },
});
const chunked = (body: string): RequestParts => ({ ...header('Transfer-Encoding', 'chunked'), body });

/** Functions that break the bytes of a good request, by the name of the fault. */
const BROKEN: Readonly<Record<string, (request: string) => string | Buffer>> = {
  'another protocol': () => 'SSH-2.0-client\r\n\r\n',
  'the hello of TLS': () => Buffer.from('16030100a5010000a10303', 'hex'),
  'the preface of HTTP/2': () => 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  'NUL bytes': () => Buffer.alloc(200),
  'a request line without a version': () => 'GET /\r\n',
  'an invalid version': (request) => request.replace('HTTP/1.1', 'HTTP/1.9'),
  'no space after the method': (request) => request.replace('POST ', 'POST'),
  'a header line without a colon': (request) => request.replace('\r\n', '\r\nwithout colon\r\n'),
  'a space before a colon': (request) => request.replace('Authorization:', 'Authorization :'),
  'a header folded over two lines': (request) => request.replace('Basic ', 'Basic\r\n '),
  'NUL in a header': (request) => request.replace('\r\n', '\r\nX: a\0b\r\n'),
  'a bare carriage return in a header': (request) => request.replace('\r\n', '\r\nX: a\rb\r\n'),
  'line feeds only': (request) => request.replaceAll('\r\n', '\n'),
  'a raw letter beyond ASCII in the target': (request) => request.replace('token ', 'tok\u00ebn '),
  'cut off in its headers': (request) => request.slice(0, request.indexOf('Content-Type')),
  'cut off in its body': (request) => request.slice(0, -1),
};

tryBadInput('Bytes that are not valid HTTP', 'smartcar', ({ refuses, accepts, served }) => {
  const good = (): string => String(served().parts().body);

  for (const [name, breakRequest] of Object.entries(BROKEN))
    it(`${name}: 400 invalid_request`, async () => {
      const bytes = breakRequest(writeRequest(served().parts()).toString('latin1'));
      const response = await served().exchange(bytes, { isCutShort: true });
      assert.equal(readRefusal.smartcar(response), '400 invalid_request');
    });

  const contradictions: Cases = {
    'both Content-Length and chunks': () => ({
      headers: { 'Content-Length': '5', 'Transfer-Encoding': 'chunked' },
      body: writeChunks(good(), 9),
    }),
    'two lengths': () => header('Content-Length', [String(good().length), '5']),
    'the same length twice': () => header('Content-Length', [String(good().length), String(good().length)]),
    'a negative length': () => header('Content-Length', '-1'),
    'a hexadecimal length': () => header('Content-Length', '0x10'),
    'a length that is too large': () => header('Content-Length', '9'.repeat(23)),
    'an unsupported transfer coding': () => header('Transfer-Encoding', 'gzip'),
    'a chunk whose size is not a number': () => chunked(`zz\r\n${good()}\r\n0\r\n\r\n`),
    'a chunk larger than its size': () => chunked(`5\r\n${good()}\r\n0\r\n\r\n`),
    'a chunk extension of 20 000 characters': () => chunked(`5;${'a'.repeat(20_000)}\r\nabcde\r\n0\r\n\r\n`),
  };
  refuses('400 invalid_request', 'a body with wrong framing', contradictions);
  refuses('413 invalid_request', 'a chunked body that is too large', {
    '17 KiB': () => chunked(writeChunks(`${good()}&x=`.padEnd(17 * 1024, 'x'), 1000)),
    '17 KiB in chunks of one byte': () => chunked(writeChunks(`${good()}&x=`.padEnd(17 * 1024, 'x'), 1)),
  });
  refuses('431 invalid_request', 'headers over the limit', {
    'one header of 17 KiB': () => header('X', 'x'.repeat(17 * 1024)),
    'one header of 40 KiB': () => header('X', 'x'.repeat(40 * 1024)),
    '4000 headers': () => header('X', Array<string>(4000).fill('')),
    'a target of 17 KiB': () => ({ target: `/oauth/token?${'x'.repeat(17 * 1024)}` }),
  });
  refuses('400 invalid_request', 'the Host', {
    'missing (RFC 9112, section 3.2)': () => header('Host', undefined),
    'sent twice (RFC 9112, section 3.2)': () => header('Host', ['one.example', 'two.example']),
  });
  refuses('417 invalid_request', 'an expectation', {
    'that is unknown (RFC 9110, section 10.1.1)': () => header('Expect', 'tea'),
  });
  it('CONNECT gets an answer before the connection is closed', async () => {
    const response = await served().exchange(
      'CONNECT keyfob.example:443 HTTP/1.1\r\nHost: keyfob.example\r\n\r\n',
    );
    assert.ok(response.status >= 400);
  });

  it('a CONNECT whose sender resets the connection affects no other connection', async () => {
    const request = Buffer.from('CONNECT keyfob.example:443 HTTP/1.1\r\nHost: keyfob.example\r\n\r\n');
    for (let count = 0; count < 20; count++) {
      const { socket } = await openRaw(served().server.url, request);
      socket.resetAndDestroy();
      await once(socket, 'close');
    }
    await served().assertUnchanged();
  });

  it('a connection that is reset in the middle of a body changes no grant', async () => {
    const { socket } = await openRaw(served().server.url, writeRequest(served().parts()).subarray(0, -1));
    socket.resetAndDestroy();
    await once(socket, 'close');
    await served().assertUnchanged();
  });
  it('an endless body is cut off', async () => {
    const head = writeRequest(served().parts(header('Content-Length', '1000000000000')));
    const { socket } = await openRaw(served().server.url, head);
    const more = Buffer.alloc(64 * 1024, 'x');
    const write = (): void => {
      while (socket.write(more));
    };
    socket.on('drain', write).on('end', () => socket.destroy());
    write();
    // The server may reset or end the connection of a client that does not stop.
    await new Promise((resolve) => socket.once('close', resolve));
    await served().assertUnchanged();
  });

  accepts('Unusual but valid framing', {
    'in chunks': () => chunked(writeChunks(good(), 1000)),
    'in chunks of one byte': () => chunked(writeChunks(good(), 1)),
    'in chunks with an extension and a trailer': () =>
      chunked(writeChunks(good(), 20).replace('\r\n', ';a=b\r\n').replace(/\r\n$/, 'X-Trailer: y\r\n\r\n')),
    'HTTP/1.0': () => ({ version: 'HTTP/1.0', headers: { Host: undefined, Connection: undefined } }),
  });
  it('a request with Authorization only in a trailer is not authenticated', async () => {
    const { Authorization = '' } = served().parts().headers ?? {};
    const body = writeChunks(good(), 1000).replace(
      /\r\n$/,
      `Authorization: ${String(Authorization)}\r\n\r\n`,
    );
    const parts = { ...chunked(body), headers: { ...chunked('').headers, Authorization: undefined } };
    const response = await served().exchange(writeRequest(served().parts(parts)));
    assert.equal(readRefusal.smartcar(response), '401 invalid_client');
  });
  it('a request that waits for 100 Continue gets it and then its tokens', async () => {
    const request = writeRequest(served().parts(header('Expect', '100-continue')));
    const bodyAt = request.indexOf('\r\n\r\n') + 4;
    const connection = await openRaw(served().server.url, request.subarray(0, bodyAt));
    await connection.received(1);
    connection.socket.write(request.subarray(bodyAt));
    const [interim, answer] = await connection.ended;
    connection.close();
    assert.deepEqual([interim?.status, answer?.status], [100, 200]);
    if (answer !== undefined) served().acceptTokens(answer);
  });
  it('an empty connection gets no answer and changes nothing', async () => {
    assert.deepEqual(await sendRaw(served().server.url, '', { isCutShort: true }), []);
    await served().assertUnchanged();
  });
});

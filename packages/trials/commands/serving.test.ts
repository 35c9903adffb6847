import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { once } from 'node:events';
import { describe, test } from 'node:test';
import { runKeyfob, startKeyfob } from '../support/keyfob-process.ts';
import type { KeyfobServer, MadeClient } from '../support/keyfob-process.ts';
import { DIALECTS, refreshAs, refreshSmartcar } from '../support/refresh-request.ts';
import { untilLogged } from '../support/run-command.ts';
import { directoryFor, errorOf, grantFor, serverFor } from '../support/test-directory.ts';

/** A refresh whose headers and half body the server has read, because it answered 100 Continue. */
const sendHalf = async (
  server: KeyfobServer,
  { clientId, clientSecret }: MadeClient,
  refreshToken: string,
) => {
  const body = `grant_type=refresh_token&refresh_token=${refreshToken}`;
  const { hostname, port } = new URL(server.url);
  const socket = connect(Number(port), hostname).setEncoding('utf8');
  let received = '';
  socket.on('data', (text: string) => (received += text));
  const closed = once(socket, 'close');
  socket.write(
    [
      'POST /oauth/token HTTP/1.1',
      `Host: ${hostname}`,
      'User-Agent: half',
      `Authorization: Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`,
      'Content-Type: application/x-www-form-urlencoded',
      `Content-Length: ${body.length}`,
      'Expect: 100-continue',
      '\r\n',
    ].join('\r\n'),
  );
  while (!received.includes('100 Continue')) await once(socket, 'data');
  socket.write(body.slice(0, 20));
  return {
    sendRest: () => socket.write(body.slice(20)),
    /** Everything received after 100 Continue, until the server closed the connection. */
    closed: closed.then(() => received.slice(received.indexOf('\r\n\r\n') + 4)),
  };
};

describe('Serving', () => {
  test('the first line of standard output is JSON with the listening address', async (t) => {
    const server = await serverFor(t);
    assert.equal(server.listening['event'], 'listening');
    assert.match(server.url, /^http:\/\/127\.0\.0\.1:[1-9]\d+$/);
    assert.equal(server.listening['pid'], server.child.pid);
    assert.equal(server.listening['data'], server.dataDirectory);
  });

  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    test(`${signal} lets a request with a half-sent body finish, then exits with 0`, async (t) => {
      const server = await serverFor(t);
      const { client, grant } = await grantFor(server, 'smartcar');
      const half = await sendHalf(server, client, grant.refreshToken);
      const exited = once(server.child, 'exit');
      server.child.kill(signal);
      await untilLogged(server, 'server.stopping');
      half.sendRest();
      const answer = await half.closed;
      assert.match(answer, /^HTTP\/1\.1 200 OK\r\n/);
      assert.match(answer, /"refresh_token":"[0-9a-f-]{36}"/);
      assert.deepEqual(await exited, [0, null]);
      const again = await serverFor(t, { dataDirectory: server.dataDirectory });
      const successor = /"refresh_token":"(?<token>[^"]+)"/.exec(answer)?.groups?.['token'] ?? '';
      assert.equal((await refreshSmartcar(again.url, client, successor)).status, 200);
    });
  }

  test('a request that never completes is aborted after the grace, and the server exits with 0', async (t) => {
    const server = await serverFor(t, { environment: { KEYFOB_SHUTDOWN_GRACE_SECONDS: '1' } });
    const { client, grant } = await grantFor(server, 'smartcar');
    const half = await sendHalf(server, client, grant.refreshToken);
    const exited = once(server.child, 'exit');
    server.child.kill('SIGTERM');
    assert.doesNotMatch(await half.closed, /200 OK/);
    assert.deepEqual(await exited, [0, null]);
  });

  test('an idle keep-alive connection does not delay the stop', async (t) => {
    const server = await serverFor(t, { environment: { KEYFOB_SHUTDOWN_GRACE_SECONDS: '600' } });
    const { client, grant } = await grantFor(server, 'smartcar');
    const { headers } = await refreshSmartcar(server.url, client, grant.refreshToken);
    assert.notEqual(headers.get('connection'), 'close');
    assert.equal(await server.stop(), 0);
  });

  test('a second start on the same directory uses the same data', async (t) => {
    const dataDirectory = directoryFor(t);
    const first = await serverFor(t, { dataDirectory });
    const made = await Promise.all(DIALECTS.map((dialect) => grantFor(first, dialect)));
    const tokens = await Promise.all(
      DIALECTS.map(async (dialect, index) => {
        const { client, grant } = made[index] ?? assert.fail();
        return (await refreshAs[dialect](first.url, client, grant.refreshToken)).refreshToken;
      }),
    );
    assert.equal(await first.stop(), 0);
    const second = await serverFor(t, { dataDirectory });
    for (const [index, dialect] of DIALECTS.entries()) {
      const { client } = made[index] ?? assert.fail();
      const answer = await refreshAs[dialect](second.url, client, tokens[index] ?? '');
      assert.equal(answer.status, 200, answer.text);
    }
  });

  test('two servers on one data directory serve the same grant in turn, and a race gives the same successor', async (t) => {
    const dataDirectory = directoryFor(t);
    const servers = [await serverFor(t, { dataDirectory }), await serverFor(t, { dataDirectory })];
    const [one = assert.fail(), two = assert.fail()] = servers;
    const { client, grant } = await grantFor(one, 'smartcar');
    let token = grant.refreshToken;
    for (const { url } of [one, two, two, one, two]) {
      const answer = await refreshSmartcar(url, client, token);
      assert.equal(answer.status, 200, answer.text);
      assert.notEqual(answer.refreshToken, token);
      token = answer.refreshToken;
    }
    const raced = await Promise.all(servers.map(({ url }) => refreshSmartcar(url, client, token)));
    assert.deepEqual(
      raced.map(({ status }) => status),
      [200, 200],
    );
    assert.equal(raced[0]?.refreshToken, raced[1]?.refreshToken);
    assert.deepEqual(await Promise.all(servers.map((server) => server.stop())), [0, 0]);
  });

  test('a port in use ends the start with 1, names the address, and does not affect the first server', async (t) => {
    const first = await serverFor(t);
    const { port } = new URL(first.url);
    const args = ['serve', '--port', port, '--data', directoryFor(t), '--log-level', 'silent'];
    const ended = await runKeyfob([...args, '--json']);
    assert.equal(ended.code, 1);
    assert.equal(ended.stdout, '');
    const { code, message, remedy } = errorOf(ended);
    assert.equal(code, 'address_in_use');
    assert.ok(message.includes(`127.0.0.1:${port}`), message);
    assert.match(remedy ?? '', /--port/);
    const asText = await runKeyfob(args);
    assert.match(asText.stderr, /^keyfob: 127\.0\.0\.1:\d+: another program listens there already\n {2}Stop/);
    const { client, grant } = await grantFor(first, 'smartcar');
    assert.equal((await refreshSmartcar(first.url, client, grant.refreshToken)).status, 200);
  });

  test('an address of another machine ends the start with 1', async (t) => {
    const start = startKeyfob({ dataDirectory: directoryFor(t), args: ['--host', '192.0.2.1'] });
    await assert.rejects(start, /exited with 1: .*"address_unusable".*192\.0\.2\.1/s);
  });
});

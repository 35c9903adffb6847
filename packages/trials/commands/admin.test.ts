import assert from 'node:assert/strict';
import { once } from 'node:events';
import { copyFileSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer, get } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { LOCAL_WEBHOOKS, runKeyfob } from '../support/keyfob-process.ts';
import { openRaw } from '../support/raw-request.ts';
import { adminUrlOf, probe, readMetrics, untilReadyz } from '../support/metrics-request.ts';
import { refreshSmartcar } from '../support/refresh-request.ts';
import { untilLogged } from '../support/run-command.ts';
import { errorOf, directoryFor, grantFor, serverFor } from '../support/test-directory.ts';

const WITH_ADMIN = { args: ['--admin-port', '0'] };

/** The sample that counts the token requests of Smartcar clients with an outcome. */
const requests = (outcome: string): string =>
  `keyfob_token_request_duration_seconds_count{dialect="smartcar",outcome="${outcome}"}`;

describe('the admin listener', () => {
  test('does not exist unless it is configured, and the public listener serves none of its paths', async (t) => {
    const without = await serverFor(t);
    assert.equal(without.listening['adminUrl'], undefined);
    const server = await serverFor(t, WITH_ADMIN);
    assert.notEqual(adminUrlOf(server), server.url);
    for (const path of ['/livez', '/readyz', '/metrics'])
      for (const { url } of [server, without]) assert.equal((await fetch(`${url}${path}`)).status, 404);
    const admin = adminUrlOf(server);
    assert.match(admin, /^http:\/\/127\.0\.0\.1:/);
    assert.equal((await fetch(`${admin}/oauth/token`, { method: 'POST' })).status, 404);
    const posted = await fetch(`${admin}/metrics`, { method: 'POST' });
    assert.deepEqual([posted.status, posted.headers.get('allow')], [405, 'GET, HEAD']);
    const head = await fetch(`${admin}/livez`, { method: 'HEAD' });
    assert.deepEqual([head.status, await head.text()], [200, '']);
  });

  test('answers requests for an address, for localhost and for an allowed name, and no other (DNS rebinding)', async (t) => {
    const server = await serverFor(t, {
      ...WITH_ADMIN,
      environment: { KEYFOB_ADMIN_ALLOWED_HOSTS: 'keyfob-1, keyfob-2' },
    });
    const { port } = new URL(adminUrlOf(server));
    const ask = async (host: string): Promise<number | undefined> => {
      const [response] = (await once(
        get({ host: '127.0.0.1', port, path: '/metrics', headers: { Host: host } }),
        'response',
      )) as [IncomingMessage];
      response.resume();
      return response.statusCode;
    };
    for (const host of [`127.0.0.1:${port}`, 'localhost', 'keyfob-2:8788'])
      assert.equal(await ask(host), 200);
    for (const host of ['evil.example', `evil.example:${port}`, 'keyfob-3'])
      assert.equal(await ask(host), 421);
  });

  test('An address in use is reported, with the flag that changes it.', async (t) => {
    const other = createServer().listen(0, '127.0.0.1');
    t.after(() => other.close());
    await once(other, 'listening');
    const port = String((other.address() as AddressInfo).port);
    const words = ['serve', '--port', '0', '--admin-port', port, '--data', directoryFor(t), '--json'];
    const error = errorOf(await runKeyfob(words));
    assert.equal(error.code, 'address_in_use');
    assert.match(error.remedy ?? '', /--admin-port/);
  });

  test('A running server is alive and ready; a damaged store file makes it unready until the file is restored.', async (t) => {
    const server = await serverFor(t, WITH_ADMIN);
    assert.equal(await probe(server, '/livez'), '200 alive');
    assert.equal(await probe(server, '/readyz'), '200 ready');
    // As after a disk failure: the files have their length, but every byte is wrong.
    const files = ['keyfob.db', 'keyfob.db-wal', 'keyfob.db-shm'].map((name) =>
      join(server.dataDirectory, name),
    );
    for (const file of files) copyFileSync(file, `${file}.good`);
    for (const file of files) writeFileSync(file, Buffer.alloc(statSync(file).size, 0x5a), { flag: 'r+' });
    assert.equal(await probe(server, '/readyz'), '503 store_unavailable');
    assert.equal(await probe(server, '/livez'), '200 alive');
    const metrics = await readMetrics(server);
    assert.equal(metrics.get('keyfob_ready'), 0);
    assert.equal(metrics.get('keyfob_webhook_deliveries_waiting'), undefined);
    for (const file of files) writeFileSync(file, readFileSync(`${file}.good`), { flag: 'r+' });
    assert.equal(await probe(server, '/readyz'), '200 ready');
  });

  test('A key ring that lacks a key of the store is reported until it has the key.', async (t) => {
    const server = await serverFor(t, WITH_ADMIN);
    const ring = join(server.dataDirectory, 'keyfob.key');
    const old = readFileSync(ring);
    await server.command('keys', 'rotate');
    const whole = readFileSync(ring);
    writeFileSync(ring, old);
    assert.equal(await probe(server, '/readyz'), '503 keys_missing');
    assert.equal(
      (await readMetrics(server)).get('keyfob_log_events_total{event="keys.missing",reason=""}'),
      1,
    );
    writeFileSync(ring, whole);
    assert.equal(await probe(server, '/readyz'), '200 ready');
  });

  test('A stopping server is alive and not ready until open requests are answered.', async (t) => {
    const server = await serverFor(t, WITH_ADMIN);
    const head = 'POST /oauth/token HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n';
    const open = await openRaw(server.url, head);
    t.after(() => open.close());
    // Connections are accepted in order: when a later one is answered, the earlier one is open.
    await fetch(`${server.url}/connect`);
    const exited = once(server.child, 'exit');
    server.child.kill('SIGTERM');
    await untilLogged(server, 'server.stopping');
    assert.equal(await probe(server, '/readyz'), '503 stopping');
    assert.equal(await probe(server, '/livez'), '200 alive');
    open.socket.write('x');
    const [answer] = await open.ended;
    assert.equal(answer?.status, 400);
    // Without a second signal, which would end a process that is about to exit.
    assert.deepEqual(await exited, [0, null]);
  });

  test('Events are counted by name and reason, without any identity.', async (t) => {
    const server = await serverFor(t, WITH_ADMIN);
    const { client, grant } = await grantFor(server, 'smartcar');
    const before = await readMetrics(server);
    const rotated = 'keyfob_log_events_total{event="refresh.rotated",reason=""}';
    assert.deepEqual(
      [before.get(rotated), before.get(requests('answered')), before.get('keyfob_ready')],
      [0, 0, 1],
    );
    const first = await refreshSmartcar(server.url, client, grant.refreshToken);
    await refreshSmartcar(server.url, client, first.refreshToken);
    await refreshSmartcar(server.url, { ...client, clientSecret: 'wrong' }, first.refreshToken);
    const after = await readMetrics(server);
    assert.equal(after.get(rotated), 2);
    assert.equal(
      after.get('keyfob_log_events_total{event="client.refused",reason="client_secret_wrong"}'),
      1,
    );
    assert.deepEqual(
      ['answered', 'refused', 'failed'].map(requests).map((name) => after.get(name)),
      [2, 1, 0],
    );
    assert.ok((after.get('keyfob_store_commits_total') ?? 0) >= 2);
    assert.ok((after.get('keyfob_store_changes_total') ?? 0) >= 2);
    assert.equal(after.get('keyfob_open_requests'), 0);
    const text = await (await fetch(`${adminUrlOf(server)}/metrics`)).text();
    for (const secret of [client.clientId, grant.grantId, '127.0.0.1']) assert.ok(!text.includes(secret));
    await untilReadyz(server, '200 ready');
  });

  test('Outstanding deliveries are counted.', async (t) => {
    const server = await serverFor(t, { ...WITH_ADMIN, environment: LOCAL_WEBHOOKS });
    const { grant } = await grantFor(server, 'smartcar');
    await server.command('webhook', 'add', '--url', 'https://127.0.0.1:1/nobody');
    await server.command('grant', 'revoke', grant.grantId);
    assert.equal((await readMetrics(server)).get('keyfob_webhook_deliveries_waiting'), 1);
  });
});

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { runKeyfob } from '../support/keyfob-process.ts';
import type { KeyfobServer } from '../support/keyfob-process.ts';
import { probe, readMetrics, untilReadyz } from '../support/metrics-request.ts';
import { refreshSmartcar } from '../support/refresh-request.ts';
import { directoryFor, grantFor, serverFor } from '../support/test-directory.ts';
import type { Scope } from '../support/test-directory.ts';
import { startCluster } from '../support/postgres/cluster.ts';
import type { Cluster } from '../support/postgres/cluster.ts';
import { openWireProxy } from '../support/postgres/wire-proxy.ts';

const serve = async (scope: Scope, url: string): Promise<KeyfobServer> => {
  const keyFile = join(directoryFor(scope), 'shared.key');
  writeFileSync(keyFile, (await runKeyfob(['keys', 'create'])).stdout, { mode: 0o600 });
  const environment = { KEYFOB_STORE: url, KEYFOB_KEY_FILE: keyFile };
  return serverFor(scope, { args: ['--admin-port', '0'], environment });
};

const cluster = await startCluster();
if ('reason' in cluster) test('probes of a node on PostgreSQL', { skip: cluster.reason }, () => {});
else {
  after(() => cluster.remove());
  describe('probes of a node on PostgreSQL', () => tryProbes(cluster));
}

function tryProbes(database: Cluster): void {
  test('A node without its database stays alive but is unready, and becomes ready again by itself.', async (t) => {
    await database.createDatabase('gone');
    const server = await serve(t, database.url('gone'));
    const { client, grant } = await grantFor(server, 'smartcar');
    assert.equal(await probe(server, '/readyz'), '200 ready');
    const failures = 'keyfob_log_events_total{event="store.unavailable",reason="unavailable"}';
    assert.equal((await readMetrics(server)).get(failures), 0);

    await database.kill();
    assert.equal(await probe(server, '/readyz'), '503 store_unavailable');
    assert.equal(await probe(server, '/livez'), '200 alive');
    assert.equal((await refreshSmartcar(server.url, client, grant.refreshToken)).status, 503);
    const metrics = await readMetrics(server);
    assert.deepEqual([metrics.get(failures), metrics.get('keyfob_ready')], [1, 0]);

    await database.start();
    await untilReadyz(server, '200 ready');
    assert.equal((await readMetrics(server)).get('keyfob_webhook_deliveries_waiting'), 0);
  });

  test('A database that accepts a statement but does not answer makes a node unready, in time for the probe.', async (t) => {
    await database.createDatabase('silent');
    const proxy = await openWireProxy(database.port);
    t.after(() => proxy.close());
    const server = await serve(t, database.url('silent', proxy.port));
    assert.equal(await probe(server, '/readyz'), '200 ready');
    const held = proxy.fail('hold', 'ORDER BY number DESC');
    const answer = probe(server, '/readyz');
    await held;
    assert.equal(await answer, '503 store_slow');
    await untilReadyz(server, '200 ready');
  });
}

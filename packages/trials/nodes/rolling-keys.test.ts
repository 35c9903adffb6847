import assert from 'node:assert/strict';
import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { TestContext } from 'node:test';
import { runKeyfob } from '../support/keyfob-process.ts';
import type { KeyfobServer } from '../support/keyfob-process.ts';
import { readMetrics } from '../support/metrics-request.ts';
import { refreshSmartcar } from '../support/refresh-request.ts';
import { directoryFor, grantFor, serverFor } from '../support/test-directory.ts';
import { startCluster } from '../support/postgres/cluster.ts';
import type { Cluster } from '../support/postgres/cluster.ts';

const TITLE =
  'A key that is in the file of every node before it is registered is used by all, without a restart or a 503.';

const cluster = await startCluster();
if ('reason' in cluster) test(TITLE, { skip: cluster.reason }, () => {});
else {
  after(() => cluster.remove());
  test(TITLE, (t) => rollKeys(t, cluster));
}

async function rollKeys(t: TestContext, { url }: Cluster): Promise<void> {
  const first = (await runKeyfob(['keys', 'create'])).stdout;
  const nodes: { readonly server: KeyfobServer; readonly environment: Readonly<Record<string, string>> }[] =
    [];
  for (let node = 0; node < 2; node++) {
    const dataDirectory = directoryFor(t);
    const environment = { KEYFOB_STORE: url(), KEYFOB_KEY_FILE: join(dataDirectory, 'ring') };
    writeFileSync(environment.KEYFOB_KEY_FILE, first, { mode: 0o600 });
    const server = await serverFor(t, { dataDirectory, environment, args: ['--admin-port', '0'] });
    nodes.push({ server, environment });
  }
  const [{ server, environment } = assert.fail()] = nodes;
  const { client, grant } = await grantFor(server, 'smartcar');
  let { refreshToken } = grant;
  const refreshEverywhere = async (): Promise<void> => {
    for (const { server: node } of nodes) {
      const answer = await refreshSmartcar(node.url, client, refreshToken);
      assert.equal(answer.status, 200, answer.text);
      ({ refreshToken } = answer);
    }
  };
  const haveReloaded = async (): Promise<boolean> => {
    const metrics = await Promise.all(nodes.map((node) => readMetrics(node.server)));
    return metrics.every((one) => one.get('keyfob_log_events_total{event="keys.reloaded",reason=""}') === 1);
  };

  const { stdout: line } = await runKeyfob(['keys', 'create', '--purpose', 'seal', '--number', '5']);
  for (const node of nodes) appendFileSync(node.environment['KEYFOB_KEY_FILE'] ?? '', line);
  await refreshEverywhere();
  assert.equal(await haveReloaded(), false);
  // Any command that opens the store registers what is new in its ring.
  assert.match((await runKeyfob(['keys', 'list'], environment)).stdout, /^5 +seal +active /m);
  do await refreshEverywhere();
  while (!(await haveReloaded()));
  await refreshEverywhere();
}

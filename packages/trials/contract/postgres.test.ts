import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { openPostgresStore } from '@keyfob/server/stores/postgres';
import { startCluster } from '../support/postgres/cluster.ts';
import { PATIENT } from '../support/postgres/patience.ts';
import { createPostgresFactory } from './postgres-factory.ts';
import { sampleClient } from '../support/samples.ts';
import { describeStore } from './store-contract.ts';

const cluster = await startCluster();

if ('reason' in cluster) test('the contract of a store: PostgreSQL', { skip: cluster.reason }, () => {});
else {
  after(() => cluster.remove());
  describeStore('PostgreSQL', createPostgresFactory(cluster));

  test('A node drops a change of a client that a failover lost when the client changes again.', async () => {
    const open = () => openPostgresStore(cluster.url(), { clientCacheMs: 0, limits: PATIENT });
    const [operator, node] = [await open(), await open()];
    const { id } = sampleClient({ id: 'client-of-a-failover' });
    await operator.createClient(sampleClient({ id }));
    await cluster.ask(`CREATE TABLE lagging AS SELECT * FROM clients WHERE id = '${id}'`);
    await operator.changeClient(id, { disabledAtMs: 1 });
    assert.equal((await node.readClient(id)).client?.disabledAtMs, 1);
    // A standby without the change takes over.
    await cluster.ask(
      `DELETE FROM clients WHERE id = '${id}'; INSERT INTO clients SELECT * FROM lagging; DROP TABLE lagging`,
    );
    await operator.changeClient(id, { name: 'Changed since' });
    const { client } = await node.readClient(id);
    assert.equal(client?.name, 'Changed since');
    assert.equal(client.disabledAtMs, undefined);
    await Promise.all([operator.close(), node.close()]);
  });
}

import assert from 'node:assert/strict';
import { after, describe, it, test } from 'node:test';
import { armFault } from '@keyfob/sandbox';
import { removeServiceKey, serve } from '@keyfob/keeper/service';
import { postgresStore } from '@keyfob/keeper/stores/postgres';
import { startCluster } from '../support/postgres/cluster.ts';
import type { Cluster } from '../support/postgres/cluster.ts';
import { openWireProxy } from '../support/postgres/wire-proxy.ts';
import type { Scope } from '../support/test-directory.ts';
import { askService } from './ask-service.ts';
import { servedWorldFor } from './service-world.ts';
import type { ServedWorld } from './service-world.ts';
import { messageReceiverFor, secretOf } from './webhook-receiver.ts';
import type { MessageReceiver } from './webhook-receiver.ts';

const TITLE = 'two nodes of the service on one PostgreSQL';
const SECRET = secretOf(1);

type TwoNodes = {
  readonly served: ServedWorld;
  readonly urls: readonly [string, string];
  readonly receiver: MessageReceiver;
};

const twoNodesFor = async (scope: Scope, cluster: Cluster, database: string): Promise<TwoNodes> => {
  await cluster.createDatabase(database);
  const receiver = await messageReceiverFor(scope, SECRET);
  const serving = { webhooks: [{ name: 'crm', url: receiver.url, secrets: [SECRET] }] };
  const store = postgresStore(cluster.url(database));
  const served = await servedWorldFor(scope, 'pleos', { store }, serving);
  const second = await serve(await served.openAnother(), { port: 0, ...serving });
  scope.after(() => second.close({ requestsMs: 3000, exchangesMs: 3000 }));
  return { served, urls: [served.service.url, second.url], receiver };
};

const describeNodes = (cluster: Cluster): void => {
  describe(TITLE, () => {
    it('a car that is asked for at both is refreshed once', async (scope) => {
      const { served, urls } = await twoNodesFor(scope, cluster, 'asked');
      await served.putCar('car');
      const { key } = served;
      const answers = await Promise.all(
        [...urls, ...urls].map((url) => askService(url, 'GET', '/v1/tokens/car', { key })),
      );
      assert.deepEqual(
        answers.map(({ status }) => status),
        [200, 200, 200, 200],
      );
      assert.equal(new Set(answers.map(({ body }) => body['access_token'])).size, 1);
      assert.equal(served.requests().length, 1);
    });

    it('a key that one node makes works at the other, and one that is removed stops working there', async (scope) => {
      const { served, urls } = await twoNodesFor(scope, cluster, 'keys');
      const key = await served.keyFor(['grants:read']);
      const statusAt = async (url: string): Promise<number> =>
        (await askService(url, 'GET', '/v1/grants', { key })).status;
      assert.equal(await statusAt(urls[1]), 200);
      await removeServiceKey(served.keeper, 'key-2');
      const sinceMs = performance.now();
      for (const url of urls)
        while ((await statusAt(url)) === 200) await new Promise((resolve) => void setTimeout(resolve, 100));
      assert.ok(performance.now() - sinceMs < 10_000);
    });

    it('each message is sent by one of them, and those of a car in order', async (scope) => {
      const { served, urls, receiver } = await twoNodesFor(scope, cluster, 'webhooks');
      const names = Array.from({ length: 6 }, (_, index) => `car-${index}`);
      for (const name of names) await served.putCar(name);
      names.forEach((_, index) => {
        armFault(served.world, { on: { grant: `g${index + 1}` }, do: { loseAnswer: 'beforeCommit' } });
      });
      const { key } = served;
      await Promise.all(
        names.map((name, index) =>
          askService(urls[index % 2 === 0 ? 0 : 1], 'GET', `/v1/tokens/${name}?wait=60`, { key }),
        ),
      );
      await receiver.until(12);
      const byName = new Map<string, string[]>();
      for (const { type, data } of receiver.messages) {
        const [{ name } = { name: '' }] = data['connections'] as { name: string }[];
        byName.set(name, [...(byName.get(name) ?? []), type]);
      }
      assert.deepEqual(
        names.map((name) => [name, byName.get(name)]),
        names.map((name) => [name, ['at_risk', 'recovered']]),
      );
      assert.equal(new Set(receiver.messages.map(({ id }) => id)).size, 12);
    });

    it('an outage of the database is 503 and not ready; keys and tokens in memory still work', async (scope) => {
      await cluster.createDatabase('outage_of_service');
      const proxy = await openWireProxy(cluster.port);
      scope.after(() => proxy.close());
      const store = postgresStore(cluster.url('outage_of_service', proxy.port));
      const served = await servedWorldFor(scope, 'pleos', { store });
      await served.putCar('car');
      assert.equal((await served.ask('GET', '/v1/tokens/car')).status, 200);
      proxy.refuse(true);
      assert.equal((await served.ask('GET', '/v1/tokens/car')).status, 200);
      const unknown = await served.ask('GET', '/v1/tokens/other');
      assert.deepEqual([unknown.status, unknown.body['cause']], [503, 'store_unavailable']);
      assert.equal((await served.ask('GET', '/v1/grants')).status, 503);
      assert.equal((await served.ask('GET', '/v1/grants', { key: `kfk_${'A'.repeat(43)}` })).status, 503);
      while ((await served.ask('GET', '/health/ready')).status !== 503);
      assert.equal((await served.ask('GET', '/health/live')).status, 200);
      const { status, text } = await served.ask('GET', '/metrics');
      assert.equal(status, 200);
      assert.doesNotMatch(text, /^keyfob_keeper_connections /m);
      proxy.refuse(false);
      while ((await served.ask('GET', '/health/ready')).status !== 200);
      assert.equal((await served.ask('GET', '/v1/tokens/other')).status, 404);
    });
  });
};

const cluster = await startCluster();
if ('reason' in cluster) test(TITLE, { skip: cluster.reason }, () => {});
else {
  after(() => cluster.remove());
  describeNodes(cluster);
}

import assert from 'node:assert/strict';
import { after, describe, it, test } from 'node:test';
import { postgresStore } from '@keyfob/keeper/stores/postgres';
import { startCluster } from '../support/postgres/cluster.ts';
import type { Cluster } from '../support/postgres/cluster.ts';
import { openWireProxy } from '../support/postgres/wire-proxy.ts';
import { directoryFor } from '../support/test-directory.ts';
import { keptWorldFor } from './kept-world.ts';

const TITLE = 'keepers on one PostgreSQL';

const describeKeepers = (cluster: Cluster): void => {
  describe(TITLE, () => {
    it('four keepers that are asked at once send one request', async (scope) => {
      await cluster.createDatabase('race');
      const store = postgresStore(cluster.url('race'));
      const kept = await keptWorldFor(scope, 'pleos', { store, isScheduling: false });
      const others = [await kept.openAnother(), await kept.openAnother(), await kept.openAnother()];
      await kept.putCar('car');
      const answers = await Promise.all([kept.keeper, ...others].map((keeper) => keeper.tryToken('car')));
      const tokens = answers.map((answer) => (answer.status === 'ok' ? answer.accessToken : answer.status));
      assert.equal(new Set(tokens).size, 1);
      assert.equal(answers[0]?.status, 'ok');
      assert.equal(kept.requests().length, 1);
    });

    it('an outage between the answer and its commit loses nothing', async (scope) => {
      await cluster.createDatabase('outage');
      const proxy = await openWireProxy(cluster.port);
      scope.after(() => proxy.close());
      const store = postgresStore(cluster.url('outage', proxy.port), { directory: directoryFor(scope) });
      let isArmed = true;
      const kept = await keptWorldFor(scope, 'pleos', {
        store,
        isScheduling: false,
        atStep(step) {
          if (step !== 'before_settle' || !isArmed) return;
          isArmed = false;
          proxy.refuse(true);
        },
      });
      await kept.putCar('car');
      const answer = await kept.keeper.tryToken('car');
      assert.equal(answer.status, 'ok');
      assert.ok(kept.log.some(({ event }) => event === 'answer.spooled'));
      const during = await kept.keeper.tryToken('car', { minValidMs: 1e9, waitMs: 500 });
      assert.notEqual(during.status, 'needs_consent');
      proxy.refuse(false);
      while (!kept.log.some(({ event }) => event === 'answer.saved_late'))
        await new Promise((resolve) => void setTimeout(resolve, 20));
      const again = await kept.keeper.tryToken('car', { rejected: answer.accessToken });
      assert.equal(again.status, 'ok');
      assert.deepEqual(
        kept.requests().map(({ isCommitted }) => isCommitted),
        [true, true],
      );
    });
  });
};

const cluster = await startCluster();
if ('reason' in cluster) test(TITLE, { skip: cluster.reason }, () => {});
else {
  after(() => cluster.remove());
  describeKeepers(cluster);
}

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
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

    it('a database whose clock is put back by a day serves no old token, and loses nothing', async (scope) => {
      await cluster.createDatabase('put_back');
      const store = postgresStore(cluster.url('put_back'));
      const kept = await keptWorldFor(scope, 'pleos', { store, isScheduling: false });
      for (const car of ['asked', 'idle']) {
        await kept.putCar(car);
        assert.equal((await kept.keeper.tryToken(car)).status, 'ok');
      }
      await kept.keeper.close();
      // To a keeper, this is the same as a clock that is put back.
      const columns = ['since', 'issued_at', 'access_expires_at', 'refresh_expires_at', 'due_at', 'asked_at'];
      const later = columns.map((name) => `${name}_ms = ${name}_ms + 86400000`);
      await cluster.ask(`UPDATE keeper_grants SET ${later.join(', ')}`, 'put_back');
      const keeper = await kept.openAnother();
      assert.equal((await keeper.tryToken('asked')).status, 'ok');
      assert.equal(kept.requests().length, 3);
      assert.equal((await keeper.tryToken('asked')).status, 'ok');
      assert.equal(kept.requests().length, 3);
      const plannedMs = async (): Promise<number> => (await keeper.inspect('idle'))?.due?.atMs ?? 0;
      const beforeMs = await plannedMs();
      await cluster.ask(statementOfTheGuide(), 'put_back');
      assert.equal(await plannedMs(), beforeMs - 86_400_000);
    });
  });
};

/** What the guide says against the clock of a database that was put back. */
const statementOfTheGuide = (): string => {
  const text = readFileSync(new URL('../../../docs/guide/keeper/service.md', import.meta.url), 'utf8');
  const [, statement = ''] = /```sql\n([^`]+)```/.exec(text) ?? [];
  return statement;
};

const cluster = await startCluster();
if ('reason' in cluster) test(TITLE, { skip: cluster.reason }, () => {});
else {
  after(() => cluster.remove());
  describeKeepers(cluster);
}

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { bytes, newPut, change, settlement, answerTo, exactly, byGeneration, claimed } from './rows.ts';
import type { OpenForContract } from './rows.ts';

/** Lists, keys and identity. */
export const describeListing = (name: string, open: OpenForContract): void => {
  describe(`${name}: lists, keys and identity`, () => {
    it('lists by name, state and client, and counts', async (scope) => {
      const { store } = await open(scope);
      for (const car of ['a', 'b', 'c']) await store.put(newPut(car, car));
      assert.deepEqual(
        (await store.list({ after: 'a', limit: 1 })).map((one) => one.name),
        ['b'],
      );
      assert.equal((await store.list({ state: 'dead', limit: 9 })).length, 0);
      assert.equal((await store.list({ client: 'cars', state: 'active', limit: 9 })).length, 3);
      assert.deepEqual(await store.counts(), { states: { active: 3 }, causes: {}, connections: 3 });
    });

    it('finds what other keys sealed, and seals it anew only where the row is as seen', async (scope) => {
      const { store } = await open(scope);
      const { grant } = await store.put(newPut('car', 't1'));
      const current = bytes('keys');
      assert.deepEqual(await store.grantsUnderOtherKeys(current, '', 5), []);
      assert.equal((await store.grantsUnderOtherKeys(bytes('newk'), '', 5)).length, 1);
      const anew = { sealed: bytes('1newk'), lookup: bytes('t1') };
      assert.equal(await store.reseal(grant.id, { generation: 9, epoch: 1 }, anew), false);
      assert.equal(await store.reseal(grant.id, byGeneration(grant), anew), true);
      assert.equal((await store.grantsUnderOtherKeys(bytes('newk'), '', 5)).length, 0);
    });

    it('has one identity in every process', async (scope) => {
      const { store, again } = await open(scope);
      await store.writeKeyCheck(bytes('check'));
      const [one, other] = [await store.identity(), await (await again()).identity()];
      assert.deepEqual(one, other);
      assert.equal(Buffer.from(one.keyCheck ?? []).toString(), 'check');
    });

    it('pruning keeps what a grant needs', async (scope) => {
      const { store } = await open(scope);
      const { grant } = await store.put(newPut('car', 't1'));
      const row = await claimed(store, grant);
      const kept = answerTo(row, `kept-${row.id}`);
      await store.settle(grant.id, exactly(row), settlement({ change: change('staged'), keep: kept }));
      await store.prune(store.nowMs() + 1000);
      assert.equal((await store.readAnswers(grant.id)).length, 1);
      assert.equal((await store.attempts(grant.id, 5)).length, 0);
    });
  });
};

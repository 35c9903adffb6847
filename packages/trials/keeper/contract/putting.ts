import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { answerTo, bytes, newPut, settlement, nextPair, byGeneration, claimed } from './rows.ts';
import type { OpenForContract } from './rows.ts';

/** Putting and closing. */
export const describePutting = (name: string, open: OpenForContract): void => {
  describe(`${name}: putting`, () => {
    it('makes a grant that another process finds', async (scope) => {
      const { store, again } = await open(scope);
      const { status, grant } = await store.put(newPut('car', 't1'));
      assert.equal(status, 'new');
      assert.deepEqual(await (await again()).find('car'), grant);
      assert.deepEqual(
        [grant.generation, grant.epoch, grant.state, grant.due, grant.params, grant.lease],
        [1, 1, 'active', { atMs: 1500, rank: 2 }, { brand: 'kia' }, undefined],
      );
      assert.equal(Buffer.from(grant.sealed).toString(), `1keyst1 ${grant.id} 1.1`);
      assert.equal(await store.find('other'), undefined);
      assert.equal(await store.read('other'), undefined);
    });

    it('finds nothing under a name that no database can hold', async (scope) => {
      const { store } = await open(scope);
      await store.put(newPut('car', 't1'));
      assert.equal(await store.find('\0'), undefined);
      assert.equal(await store.disconnect('car\0'), undefined);
      assert.deepEqual(await store.list({ client: 'cars\0', limit: 9 }), []);
      assert.equal((await store.list({ after: '\0', limit: 9 })).length, 1);
    });

    it('replaces, links, and knows what it has', async (scope) => {
      const { store } = await open(scope);
      const { grant } = await store.put(newPut('car', 't1'));
      assert.equal((await store.put(newPut('car', 't1'))).status, 'known');
      assert.equal((await store.put(newPut('two', 't1'))).status, 'linked');
      assert.deepEqual(await store.connectionsOf(grant.id), ['car', 'two']);
      const own = await store.put(newPut('two', 't2'));
      assert.equal(own.status, 'new');
      const replaced = await store.put(newPut('car', 't3'));
      assert.deepEqual(
        [replaced.status, replaced.grant.id, replaced.grant.generation, replaced.grant.epoch],
        ['replaced', grant.id, 2, 2],
      );
    });

    it('any of several lookups finds the holder', async (scope) => {
      const { store } = await open(scope);
      await store.put(newPut('car', 't1'));
      const lookups = [bytes('under the new key'), bytes('t1')];
      assert.equal((await store.put(newPut('two', 't1', { lookups }))).status, 'linked');
    });

    it('closes a grant with its last connection, and an answer from before is not stored', async (scope) => {
      const { store } = await open(scope);
      const { grant } = await store.put(newPut('car', 't1'));
      await store.put(newPut('two', 't1'));
      const row = await claimed(store, grant);
      assert.equal((await store.disconnect('car'))?.state, 'inflight');
      assert.equal((await store.disconnect('two'))?.state, 'closed');
      assert.equal(await store.disconnect('two'), undefined);
      const late = await store.settle(grant.id, byGeneration(row), settlement({ pair: nextPair('t2') }));
      assert.equal(late.isDone, false);
      const again = settlement({ pair: nextPair('t2'), keepIfMoved: [answerTo(row, `late-${row.id}`)] });
      assert.equal((await store.settle(grant.id, byGeneration(row), again)).grant?.state, 'closed');
      assert.deepEqual(await store.readAnswers(grant.id), []);
      assert.equal((await store.put(newPut('car', 't1'))).status, 'new');
    });
  });
};

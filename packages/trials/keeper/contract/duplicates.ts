import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { byGeneration, change, claimed, exactly, newPut, nextPair, settlement } from './rows.ts';
import type { OpenForContract } from './rows.ts';

/** Many pairs at once, and one pair under several names. */
export const describeDuplicates = (name: string, open: OpenForContract): void => {
  describe(`${name}: many pairs, and the same one twice`, () => {
    it('many at once end as one by one, in their order', async (scope) => {
      const { store, again } = await open(scope);
      await store.put(newPut('known', 'k'));
      const { grant: replaced } = await store.put(newPut('replaced', 'r1'));
      const results = await store.putMany([
        newPut('new', 'n'),
        newPut('known', 'k'),
        newPut('replaced', 'r2'),
        newPut('linked', 'k'),
        newPut('twin', 'n'),
        newPut('new', 'n'),
        newPut('fresh', 'f'),
        newPut('fresh', 'f2'),
      ]);
      assert.deepEqual(
        results.map(({ status }) => status),
        ['new', 'known', 'replaced', 'linked', 'linked', 'known', 'new', 'replaced'],
      );
      const other = await again();
      assert.deepEqual(
        [(await other.find('replaced'))?.id, (await other.find('replaced'))?.generation],
        [replaced.id, 2],
      );
      const fresh = await other.find('fresh');
      assert.deepEqual(fresh, results[7]?.grant);
      assert.equal((await other.find('twin'))?.id, results[0]?.grant.id);
      assert.equal((await store.identity()).highWater, 6);
      assert.deepEqual(await store.putMany([]), []);
    });

    it('two imports of the same pairs at one moment make each grant once', async (scope) => {
      const { store, again } = await open(scope);
      const cars = Array.from({ length: 30 }, (_, car) => `car-${car}`);
      const puts = () => cars.map((car) => newPut(car, car));
      const [one, other] = await Promise.all([
        store.putMany(puts()),
        (await again()).putMany(puts().toReversed()),
      ]);
      const made = [...one, ...other].filter(({ status }) => status === 'new');
      assert.equal(made.length, cars.length);
      assert.equal((await store.counts()).connections, cars.length);
    });

    it('a token of another client, or one that may not be shared, is refused, and nothing is written', async (scope) => {
      const { store } = await open(scope);
      const { grant } = await store.put(newPut('car', 't1'));
      const foreign = await store.put(newPut('two', 't1', { client: 'trucks' }));
      assert.deepEqual([foreign.status, foreign.grant.id], ['held', grant.id]);
      assert.equal((await store.put(newPut('two', 't1', { mayLink: false }))).status, 'held');
      const many = await store.putMany([newPut('two', 't1', { mayLink: false }), newPut('three', 't3')]);
      assert.deepEqual(
        many.map(({ status }) => status),
        ['held', 'new'],
      );
      assert.equal(await store.find('two'), undefined);
      assert.equal((await store.put(newPut('car', 't1', { mayLink: false }))).status, 'known');
    });

    it('another client or other parameters for the same token are taken, but not while it is sent', async (scope) => {
      const { store } = await open(scope);
      const { grant } = await store.put(newPut('car', 't1'));
      const corrected = await store.put(newPut('car', 't1', { params: { brand: 'genesis' } }));
      assert.deepEqual(
        [corrected.status, corrected.grant.id, corrected.grant.params],
        ['replaced', grant.id, { brand: 'genesis' }],
      );
      await claimed(store, corrected.grant);
      assert.equal((await store.put(newPut('car', 't1', { client: 'trucks' }))).status, 'inflight');
      assert.equal((await store.find('car'))?.client, 'cars');
    });

    it('a refresh that brings the token of another grant makes both one', async (scope) => {
      const { store } = await open(scope);
      const { grant: old } = await store.put(newPut('car', 't1'));
      const { grant: newer } = await store.put(newPut('two', 't2'));
      const row = await claimed(store, old);
      const settled = await store.settle(old.id, byGeneration(row), settlement({ pair: nextPair('t2') }));
      assert.deepEqual([settled.isDone, settled.grant?.id, settled.grant?.generation], [true, newer.id, 1]);
      assert.deepEqual(await store.connectionsOf(newer.id), ['car', 'two']);
      assert.equal((await store.read(old.id))?.state, 'closed');
      assert.deepEqual((await store.counts()).states, { active: 1, closed: 1 });
    });

    it('and where the other one is dead, the refresh has shown that its token lives', async (scope) => {
      const { store } = await open(scope);
      const { grant: old } = await store.put(newPut('car', 't1'));
      const { grant: dead } = await store.put(newPut('two', 't2'));
      await store.settle(dead.id, exactly(dead), settlement({ change: change('dead') }));
      const row = await claimed(store, old);
      const settled = await store.settle(old.id, byGeneration(row), settlement({ pair: nextPair('t2') }));
      assert.deepEqual(
        [settled.grant?.id, settled.grant?.generation, settled.grant?.state],
        [old.id, 2, 'active'],
      );
      assert.deepEqual(await store.connectionsOf(old.id), ['car', 'two']);
      assert.equal((await store.read(dead.id))?.state, 'closed');
    });

    it('a grant that no connection has any more is closed', async (scope) => {
      const { store } = await open(scope);
      const { grant } = await store.put(newPut('car', 't1'));
      await store.put(newPut('two', 't2'));
      assert.equal((await store.put(newPut('car', 't2'))).status, 'linked');
      const left = await store.read(grant.id);
      assert.deepEqual([left?.state, left?.due], ['closed', undefined]);
    });
  });
};

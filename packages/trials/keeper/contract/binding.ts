import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { LinkBinder } from '@keyfob/keeper/stores';
import { LINKS, OTHER_KEYS, byGeneration, bytes, claimed, newPut, nextPair, settlement } from './rows.ts';
import type { OpenForContract } from './rows.ts';

/** Another program, which has no key. */
const FOREIGN: LinkBinder = {
  bind: () => new Uint8Array(),
  isBound: () => true,
  isOfOtherKeys: () => false,
};
const UNBOUND = { name: 'KeeperError', code: 'connection_unbound' };

/** Rows of connections that another program has written. */
export const describeBinding = (name: string, open: OpenForContract): void => {
  describe(`${name}: connections that another program has written`, () => {
    it('have no grant, and nothing of them is closed or replaced; a put writes them anew', async (scope) => {
      const { store, again } = await open(scope);
      const foreign = await again(FOREIGN);
      const { grant: right } = await store.put(newPut('right', 't1'));
      await foreign.put(newPut('wrong', 't1'));
      await assert.rejects(store.find('wrong'), UNBOUND);
      await assert.rejects(store.disconnect('wrong'), UNBOUND);
      assert.deepEqual(await store.connectionsOf(right.id), ['right', 'wrong']);
      const own = await store.put(newPut('wrong', 't2'));
      assert.equal(own.status, 'new');
      assert.deepEqual([await store.find('wrong'), await store.find('right')], [own.grant, right]);
      await foreign.put(newPut('other', 't1'));
      assert.equal((await store.put(newPut('other', 't1'))).status, 'linked');
      assert.deepEqual(await store.find('other'), right);
    });

    it('of a keeper with other keys keep their grant: no second one is made for its token', async (scope) => {
      const { store, again } = await open(scope);
      const other = await again({ ...FOREIGN, bind: () => bytes(OTHER_KEYS) });
      const { grant } = await other.put(newPut('car', 't1 under another key'));
      await assert.rejects(store.find('car'), { name: 'KeeperError', code: 'key_unknown' });
      const many = [newPut('car', 't2'), newPut('two', 't3')];
      const results = [await store.put(newPut('car', 't1')), ...(await store.putMany(many))];
      assert.deepEqual(
        results.map(({ status }) => status),
        ['other_keys', 'other_keys', 'new'],
      );
      assert.deepEqual(await other.find('car'), grant);
      assert.equal((await store.counts()).states.active, 2);
    });

    it('a refused put leaves such a row as it is', async (scope) => {
      const { store, again } = await open(scope);
      const foreign = await again(FOREIGN);
      await store.put(newPut('right', 't1'));
      await foreign.put(newPut('wrong', 't3'));
      assert.equal((await store.put(newPut('wrong', 't1', { mayLink: false }))).status, 'held');
      await assert.rejects(store.find('wrong'), UNBOUND);
    });

    it('what the store itself moves stays bound, and nothing else becomes so', async (scope) => {
      const { store, again } = await open(scope);
      const foreign = await again(FOREIGN);
      await store.put(newPut('car', 't1'));
      await store.put(newPut('two', 't1'));
      await foreign.put(newPut('wrong', 't1'));
      await store.put(newPut('car', 't1', { client: 'trucks' }));
      assert.equal((await store.find('two'))?.client, 'trucks');
      await assert.rejects(store.find('wrong'), UNBOUND);
      const { grant: newer } = await store.put(newPut('three', 't2', { client: 'trucks' }));
      const moved = await store.find('car');
      assert.ok(moved);
      const row = await claimed(store, moved);
      await store.settle(row.id, byGeneration(row), settlement({ pair: nextPair('t2') }));
      for (const one of ['car', 'two', 'three']) assert.equal((await store.find(one))?.id, newer.id, one);
      await assert.rejects(store.find('wrong'), UNBOUND);
      await store.putMany([newPut('many', 'm'), newPut('fourth', 't2', { client: 'trucks' })]);
      assert.equal((await store.find('many'))?.state, 'active');
      assert.equal((await store.find('fourth'))?.id, newer.id);
    });

    it('can be read page by page, and are bound only where they are as they were read', async (scope) => {
      const { store, again } = await open(scope);
      const foreign = await again(FOREIGN);
      for (const one of ['a', 'b', 'c']) await foreign.put(newPut(one, one));
      const [a, b, ...none] = await store.links('', 2);
      assert.deepEqual(
        [a?.name, b?.name, a?.client, a?.binding, none],
        ['a', 'b', 'cars', new Uint8Array(), []],
      );
      assert.deepEqual(
        (await store.links('b', 2)).map((link) => link.name),
        ['c'],
      );
      assert.ok(a && b);
      await foreign.put(newPut('b', 'c'));
      await store.bindLinks([a, b].map((link) => ({ link, binding: LINKS.bind(link) })));
      assert.equal((await store.find('a'))?.id, a.grantId);
      await assert.rejects(store.find('b'), UNBOUND);
      await store.bindLinks([]);
    });
  });
};

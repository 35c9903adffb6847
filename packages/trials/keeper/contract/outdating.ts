import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { bytes, byGeneration, change, claimed, newClaim, newPut, nextPair, settlement } from './rows.ts';
import type { OpenForContract } from './rows.ts';

/** Tokens that a connection had before, and brings again. */
export const describeOutdating = (name: string, open: OpenForContract): void => {
  describe(`${name}: tokens from before`, () => {
    for (const outcome of ['usable', 'refresh_only'])
      it(`a token that was used before is outdated (${outcome})`, async (scope) => {
        const { store } = await open(scope);
        const { grant } = await store.put(newPut('car', 't1'));
        const claim = newClaim('me');
        const row = await claimed(store, grant, {
          ...claim,
          attempt: { ...claim.attempt, fingerprint: bytes('t1') },
        });
        const ended = [{ id: claim.attempt.id, outcome, status: 200, requestId: undefined, tookMs: 5 }];
        await store.settle(grant.id, byGeneration(row), settlement({ pair: nextPair('t2'), ended }));
        assert.equal((await store.put(newPut('car', 't1'))).status, 'outdated');
        assert.equal((await store.find('car'))?.generation, 2);
      });

    it('a token that another put has replaced does not come back, for the connections that had it', async (scope) => {
      const { store } = await open(scope);
      const { grant } = await store.put(newPut('car', 't1'));
      await store.put(newPut('two', 't1'));
      assert.equal((await store.put(newPut('two', 't2'))).status, 'new');
      assert.equal((await store.put(newPut('car', 't3'))).status, 'replaced');
      const again = await store.putMany([newPut('car', 't1'), newPut('two', 't1'), newPut('car', 't3')]);
      assert.deepEqual(
        again.map(({ status }) => status),
        ['outdated', 'outdated', 'known'],
      );
      assert.equal((await store.find('car'))?.generation, 2);
      const third = await store.put(newPut('three', 't1'));
      assert.deepEqual([third.status, third.grant.id === grant.id], ['new', false]);
      assert.equal((await store.put(newPut('car', 't1'))).status, 'outdated');
      await store.disconnect('car');
      assert.equal((await store.put(newPut('car', 't1'))).status, 'linked');
    });

    it('a token that was replaced may come back where its successor is dead, or under another client', async (scope) => {
      const { store } = await open(scope);
      await store.put(newPut('car', 't1'));
      const { grant } = await store.put(newPut('car', 't2'));
      const row = await claimed(store, grant);
      await store.settle(
        grant.id,
        byGeneration(row),
        settlement({ change: change('dead', { cause: 'revoked' }) }),
      );
      assert.equal((await store.put(newPut('car', 't1'))).status, 'replaced');
      assert.equal((await store.put(newPut('car', 't2'))).status, 'outdated');
      assert.equal((await store.put(newPut('car', 't2', { client: 'other' }))).status, 'replaced');
    });

    it('a row of a table does not replace a pair that was issued later, but one that is dead', async (scope) => {
      const { store } = await open(scope);
      const { grant } = await store.put(newPut('car', 't2'));
      const [older, same, known] = await store.putMany([
        newPut('car', 't1', { issuedAtMs: 999 }),
        newPut('car', 't3', { issuedAtMs: 1000 }),
        newPut('car', 't3', { issuedAtMs: 1 }),
      ]);
      assert.deepEqual([older?.status, same?.status, known?.status], ['outdated', 'replaced', 'known']);
      const row = await claimed(store, same?.grant ?? grant);
      await store.settle(row.id, byGeneration(row), settlement({ change: change('dead') }));
      assert.equal((await store.put(newPut('car', 't1', { issuedAtMs: 999 }))).status, 'replaced');
    });
  });
};

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { byGeneration, bytes, claimed, newClaim, newPut, nextPair, settlement } from './rows.ts';
import type { OpenForContract } from './rows.ts';

/** Callers who may each see a part of the names. */
export const describeSharing = (name: string, open: OpenForContract): void => {
  describe(`${name}: one pair, and callers who see a part of the names`, () => {
    it('a token is shared only with names that begin alike, where that is wanted', async (scope) => {
      const { store } = await open(scope);
      const { grant } = await store.put(newPut('fleet:1', 'f1'));
      const claim = newClaim('me');
      const row = await claimed(store, grant, {
        ...claim,
        attempt: { ...claim.attempt, fingerprint: bytes('f1') },
      });
      const ended = [
        { id: claim.attempt.id, outcome: 'usable', status: 200, requestId: undefined, tookMs: 1 },
      ] as const;
      await store.settle(grant.id, byGeneration(row), settlement({ pair: nextPair('f2'), ended }));
      for (const token of ['f1', 'f2'])
        assert.equal((await store.put(newPut('other:1', token, { linkPrefix: 'other:' }))).status, 'held');
      assert.equal(await store.find('other:1'), undefined);
      assert.equal((await store.put(newPut('fleet:2', 'f1', { linkPrefix: 'fleet:' }))).status, 'outdated');
      assert.equal((await store.put(newPut('fleet:3', 'f2', { linkPrefix: 'fleet:' }))).status, 'linked');
    });
  });
};

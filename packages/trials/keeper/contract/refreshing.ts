import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  newPut,
  newClaim,
  change,
  settlement,
  nextPair,
  exactly,
  byGeneration,
  claimed,
  LEASE_MS,
} from './rows.ts';
import type { OpenForContract } from './rows.ts';

/** The two transactions of a refresh. */
export const describeRefreshing = (name: string, open: OpenForContract): void => {
  describe(`${name}: the two transactions of a refresh`, () => {
    it('one of many claims wins, and the intent is there', async (scope) => {
      const { store, again } = await open(scope);
      const { grant } = await store.put(newPut('car', 't1'));
      const stores = [store, await again(), await again()];
      const rows = await Promise.all(
        Array.from({ length: 12 }, async (_, index) =>
          stores[index % 3]?.claim(grant.id, exactly(grant), newClaim(`owner-${index}`)),
        ),
      );
      const [won, ...others] = rows.filter((row) => row !== undefined);
      assert.equal(others.length, 0);
      assert.deepEqual([won?.state, won?.fence, won?.sends.count], ['inflight', 1, 1]);
      assert.ok((won?.lease?.untilMs ?? 0) - (won?.lease?.atMs ?? 0) === LEASE_MS);
      assert.equal((await store.attempts(grant.id, 10)).length, 1);
    });

    it('a lease is respected, unless its owner is known to be gone or it is over', async (scope) => {
      const { store } = await open(scope);
      const { grant } = await store.put(newPut('car', 't1'));
      const first = await claimed(store, grant, newClaim('first', { leaseMs: LEASE_MS }));
      assert.equal(await store.claim(grant.id, exactly(first), newClaim('second')), undefined);
      const second = await store.claim(
        grant.id,
        exactly(first),
        newClaim('second', { voidOwner: 'first', leaseMs: -1 }),
      );
      assert.deepEqual([second?.fence, second?.sends.count, second?.lease?.owner], [2, 2, 'second']);
      assert.equal(second?.sends.firstAtMs, first.sends.firstAtMs);
      assert.equal(await store.claim(grant.id, exactly(first), newClaim('third')), undefined);
      assert.ok(second);
      assert.equal((await claimed(store, second, newClaim('third'))).fence, 3);
    });

    it('a pair is stored without a lease, even where the grant is believed dead', async (scope) => {
      const { store } = await open(scope);
      const { grant } = await store.put(newPut('car', 't1'));
      const first = await claimed(store, grant, newClaim('first', { leaseMs: -1 }));
      const second = await claimed(store, first, newClaim('second'));
      const dead = settlement({ change: change('dead', { cause: 'lost_response' }) });
      assert.equal((await store.settle(grant.id, exactly(second), dead)).grant?.state, 'dead');
      const late = await store.settle(grant.id, byGeneration(first), settlement({ pair: nextPair('t2') }));
      assert.deepEqual(
        [late.isDone, late.grant?.state, late.grant?.generation, late.grant?.lease],
        [true, 'active', 2, undefined],
      );
      assert.equal((await store.identity()).highWater, 2);
    });

    it('a failure is only noted by the one that holds the last fence', async (scope) => {
      const { store } = await open(scope);
      const { grant } = await store.put(newPut('car', 't1'));
      const first = await claimed(store, grant, newClaim('first', { leaseMs: -1 }));
      const second = await claimed(store, first, newClaim('second'));
      const stale = await store.settle(grant.id, exactly(first), settlement({ change: change('uncertain') }));
      assert.deepEqual([stale.isDone, stale.grant?.state], [false, 'inflight']);
      assert.equal((await store.settle(grant.id, exactly(second), settlement())).isDone, true);
    });

    it('only leases that are still ours are renewed', async (scope) => {
      const { store } = await open(scope);
      const { grant } = await store.put(newPut('car', 't1'));
      const other = await store.put(newPut('two', 't2'));
      await claimed(store, grant, newClaim('me', { leaseMs: 1 }));
      await claimed(store, other.grant, newClaim('you'));
      assert.deepEqual([...(await store.renew('me', LEASE_MS))], [[grant.id, 1]]);
      assert.ok(((await store.find('car'))?.lease?.untilMs ?? 0) > store.nowMs() + LEASE_MS / 2);
      assert.deepEqual((await store.leased()).map(({ id }) => id).sort(), [grant.id, other.grant.id].sort());
    });
  });
};

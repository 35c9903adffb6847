import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Grant } from '@keyfob/keeper';
import type { Store } from '@keyfob/keeper/stores';
import { byGeneration, bytes, change, claimed, newClaim, newPut, nextPair, settlement } from './rows.ts';
import type { OpenForContract } from './rows.ts';

/** The provider refuses the token of a grant. */
const refuse = async (store: Store, grant: Grant, token: string): Promise<void> => {
  const claim = newClaim('me');
  const row = await claimed(store, grant, {
    ...claim,
    attempt: { ...claim.attempt, fingerprint: bytes(token) },
  });
  const ended = [
    { id: claim.attempt.id, outcome: 'grant_rejected', status: 400, requestId: undefined, tookMs: 5 },
  ];
  const dead = settlement({ change: change('dead', { cause: 'revoked' }), ended });
  assert.ok((await store.settle(grant.id, byGeneration(row), dead)).isDone);
};

/** Tokens that the provider has refused, and that are put again. */
export const describeRefusing = (storeName: string, open: OpenForContract): void => {
  describe(`${storeName}: tokens that were refused`, () => {
    it('a token that was refused stays dead, whatever it is put for; a new one is a new consent for every name', async (scope) => {
      const { store } = await open(scope);
      const { grant } = await store.put(newPut('car', 't1'));
      await refuse(store, grant, 't1');
      for (const name of ['car', 'two', 'car'])
        assert.equal((await store.put(newPut(name, 't1'))).status, 'dead', name);
      const { grant: other } = await store.put(newPut('three', 't3'));
      const many = await store.putMany([newPut('three', 't1'), newPut('car', 't1')]);
      assert.deepEqual(
        many.map(({ status }) => status),
        ['dead', 'dead'],
      );
      assert.deepEqual(await store.find('three'), other);
      assert.deepEqual(await store.connectionsOf(grant.id), ['car', 'two']);
      const [car, two] = [await store.find('car'), await store.find('two')];
      assert.deepEqual([car?.state, car?.generation, two], ['dead', 1, car]);
      const renewed = await store.put(newPut('car', 't2'));
      assert.deepEqual([renewed.status, renewed.grant.id], ['replaced', grant.id]);
      assert.equal((await store.find('two'))?.state, 'active');
      assert.equal((await store.put(newPut('four', 't1'))).status, 'dead');
      assert.equal(await store.find('four'), undefined);
      await refuse(store, renewed.grant, 't2');
      assert.equal((await store.put(newPut('car', 't1'))).status, 'dead');
    });

    it('a token that was used stays dead with its successor', async (scope) => {
      const { store } = await open(scope);
      const { grant } = await store.put(newPut('car', 't1'));
      const claim = newClaim('me');
      const row = await claimed(store, grant, {
        ...claim,
        attempt: { ...claim.attempt, fingerprint: bytes('t1') },
      });
      const ended = [
        { id: claim.attempt.id, outcome: 'usable', status: 200, requestId: undefined, tookMs: 5 },
      ];
      const { grant: next } = await store.settle(
        grant.id,
        byGeneration(row),
        settlement({ pair: nextPair('t2'), ended }),
      );
      assert.ok(next);
      await refuse(store, next, 't2');
      assert.equal((await store.put(newPut('car', 't1'))).status, 'dead');
      assert.equal((await store.put(newPut('two', 't1'))).status, 'dead');
      assert.equal((await store.find('two'))?.state, 'dead');
    });

    it('a token that no use ends may come back where the one that replaced it was refused, once', async (scope) => {
      const { store } = await open(scope);
      const { grant } = await store.put(newPut('car', 't1'));
      const claim = newClaim('me');
      const attempt = { ...claim.attempt, fingerprint: bytes('t1') };
      const row = await claimed(store, grant, { ...claim, attempt });
      const ended = [
        { id: attempt.id, outcome: 'usable', status: 200, requestId: undefined, tookMs: 5 },
      ] as const;
      await store.settle(grant.id, byGeneration(row), settlement({ pair: nextPair('t1'), ended }));
      const second = await store.put(newPut('car', 't2'));
      await refuse(store, second.grant, 't2');
      const again = await store.put(newPut('car', 't1'));
      assert.equal(again.status, 'replaced');
      await refuse(store, again.grant, 't1');
      const third = await store.put(newPut('car', 't3'));
      await refuse(store, third.grant, 't3');
      assert.equal((await store.put(newPut('car', 't1'))).status, 'dead');
    });

    it('a token that was refused gets another chance for another client, and where the provider gave it again', async (scope) => {
      const { store } = await open(scope);
      const { grant } = await store.put(newPut('car', 't1'));
      await refuse(store, grant, 't1');
      assert.equal((await store.put(newPut('car', 't1', { givenAtMs: 1 }))).status, 'dead');
      const again = await store.put(newPut('car', 't1', { givenAtMs: Infinity }));
      assert.deepEqual([again.status, again.grant.state], ['replaced', 'active']);
      await refuse(store, again.grant, 't1');
      assert.equal((await store.put(newPut('car', 't1', { client: 'trucks' }))).status, 'replaced');
    });
  });
};

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Store } from '@keyfob/keeper/stores';
import { answerTo, bytes, newPut } from './rows.ts';
import type { OpenForContract } from './rows.ts';

const HOLD_MS = 60_000;
const take = (store: Store, limit = 10) => store.takeRevocations({ client: 'cars', limit, holdMs: HOLD_MS });
const revoking = { clients: ['cars'], holdMs: 0 };
const over = { tries: 1, nextAtMs: undefined, drop: [] };

/** A connection that was closed; its revocation is due. */
const closed = async (store: Store, name: string): Promise<string> => {
  await store.put(newPut(name, `token of ${name}`));
  return (await store.disconnect(name, revoking))?.id ?? '';
};

/** What is due at the provider after a disconnect. */
export const describeRevoking = (name: string, open: OpenForContract): void => {
  describe(`${name}: revocations`, () => {
    it('closing makes one due, which one process takes, with the pair', async (scope) => {
      const { store, again } = await open(scope);
      const id = await closed(store, 'car');
      const taken = await Promise.all([take(store), take(await again())]);
      const [one, ...more] = taken.flat();
      assert.deepEqual([one?.grant.id, one?.name, one?.tries, more.length], [id, 'car', 0, 0]);
      assert.match(Buffer.from(one?.grant.sealed ?? []).toString(), /token of car/);
      assert.deepEqual(await store.countRevocations(), { cars: 1 });
    });

    it('it is held for who closed, and nothing is due for a grant that others use', async (scope) => {
      const { store } = await open(scope);
      await store.put(newPut('one', 'token'));
      await store.put(newPut('two', 'token'));
      assert.equal((await store.disconnect('one', revoking))?.state, 'active');
      assert.deepEqual(await store.countRevocations(), {});
      await store.disconnect('two', { ...revoking, holdMs: HOLD_MS });
      assert.deepEqual(await take(store), []);
      assert.deepEqual(await store.countRevocations(), { cars: 1 });
    });

    it('none is due where the client has no way to revoke', async (scope) => {
      const { store } = await open(scope);
      await store.put(newPut('car', 'token'));
      await store.disconnect('car', { ...revoking, clients: ['others'] });
      assert.deepEqual(await store.countRevocations(), {});
    });

    it('a try is noted with the next one, until it is over', async (scope) => {
      const { store } = await open(scope);
      const id = await closed(store, 'car');
      await store.noteRevocation(id, { tries: 3, nextAtMs: 1, drop: [] });
      const [waiting] = await store.revocations({ name: 'car', limit: 1 });
      assert.deepEqual([waiting?.tries, waiting?.nextAtMs], [3, 1]);
      const event = {
        kind: 'revocation_ended',
        connection: 'car',
        result: 'refused',
        outcome: 'given_up',
      } as const;
      await store.noteRevocation(id, { ...over, event });
      assert.deepEqual([await take(store), await store.revocations({ limit: 9 })], [[], []]);
      await store.noteRevocation(id, { ...over, event });
      const announced = await store.lastEvents(9);
      assert.deepEqual(
        announced.map((one) => [one.grantId, one.event]),
        [[id, event]],
        'another process that ends it announces nothing',
      );
    });

    it('an answer that comes later is due as well, and goes when it is revoked', async (scope) => {
      const { store } = await open(scope);
      const id = await closed(store, 'car');
      const grant = await store.read(id);
      assert.ok(grant);
      await store.noteRevocation(id, over);
      await store.keepToRevoke(id, [answerTo(grant, 'late')]);
      assert.equal((await take(store)).length, 1);
      await store.noteRevocation(id, over);
      assert.equal((await take(store)).length, 1, 'the answer is still there');
      await store.noteRevocation(id, { ...over, drop: ['late'] });
      assert.deepEqual([await take(store), await store.readAnswers(id)], [[], []]);
    });

    it('a connection that is made again cancels it, and takes no late answer', async (scope) => {
      const { store } = await open(scope);
      const [id, other] = [await closed(store, 'car'), await closed(store, 'other')];
      await store.put(newPut('car', 'new token'));
      assert.deepEqual(
        (await take(store)).map(({ grant }) => grant.id),
        [other],
      );
      const grant = await store.read(id);
      assert.ok(grant);
      await store.keepToRevoke(id, [answerTo(grant, 'late')]);
      await store.noteRevocation(id, { tries: 1, nextAtMs: 1, drop: [] });
      assert.deepEqual([await store.readAnswers(id), await store.countRevocations()], [[], { cars: 1 }]);
    });

    it('so does its token under another name, alone and in an import', async (scope) => {
      const { store } = await open(scope);
      for (const one of ['a', 'b', 'c']) await closed(store, one);
      await store.put(newPut('x', 'token of a'));
      await store.putMany([newPut('y', 'token of b'), newPut('c', 'new token')]);
      assert.deepEqual(await store.countRevocations(), {});
    });

    it('is sealed anew with the keys, as long as it waits', async (scope) => {
      const { store } = await open(scope);
      const id = await closed(store, 'car');
      const others = async (): Promise<readonly string[]> =>
        (await store.grantsUnderOtherKeys(bytes('none'), '', 10)).rows.map((row) => row.id);
      assert.deepEqual(await others(), [id]);
      await store.noteRevocation(id, over);
      assert.deepEqual(await others(), []);
    });
  });
};

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  answerTo,
  bounds,
  byGeneration,
  bytes,
  change,
  claimed,
  exactly,
  newClaim,
  newPut,
  settlement,
} from './rows.ts';
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
      assert.deepEqual(await store.counts(), {
        states: { active: 3 },
        causes: {},
        clients: { cars: { active: 3 } },
        connections: 3,
      });
    });

    it('counts follow every change of state, client and cause', async (scope) => {
      const { store } = await open(scope);
      for (const car of ['a', 'b', 'c']) await store.put(newPut(car, car));
      const [a, b] = [await store.find('a'), await store.find('b')];
      assert.ok(a !== undefined && b !== undefined);
      const dead = change('dead', { cause: 'revoked' });
      await store.settle(a.id, exactly(a), settlement({ change: dead }));
      await claimed(store, b);
      await store.disconnect('c');
      await store.put(newPut('new', 'n', { client: 'trucks' }));
      assert.deepEqual(await store.counts(), {
        states: { dead: 1, inflight: 1, closed: 1, active: 1 },
        causes: { revoked: 1 },
        clients: { cars: { dead: 1, inflight: 1, closed: 1 }, trucks: { active: 1 } },
        connections: 3,
      });
      await store.put(newPut('a', 'a2', { client: 'trucks' }));
      assert.deepEqual((await store.counts()).clients, {
        cars: { inflight: 1, closed: 1 },
        trucks: { active: 2 },
      });
    });

    it('pages through one client, and through what is in trouble, by name', async (scope) => {
      const { store } = await open(scope);
      for (const car of ['a', 'b', 'c', 'd'])
        await store.put(newPut(car, car, { client: car < 'c' ? 'cars' : 'trucks' }));
      for (const car of ['b', 'c', 'd']) {
        const grant = await store.find(car);
        assert.ok(grant);
        await store.settle(grant.id, exactly(grant), settlement({ change: change('uncertain') }));
      }
      const names = async (filter: Parameters<typeof store.list>[0]): Promise<string[]> =>
        (await store.list(filter)).map((one) => one.name);
      assert.deepEqual(await names({ client: 'trucks', limit: 9 }), ['c', 'd']);
      assert.deepEqual(await names({ client: 'trucks', after: 'c', limit: 9 }), ['d']);
      assert.deepEqual(await names({ state: 'uncertain', limit: 2 }), ['b', 'c']);
      assert.deepEqual(await names({ state: 'uncertain', after: 'c', limit: 2 }), ['d']);
      assert.deepEqual(await names({ state: 'uncertain', client: 'cars', limit: 9 }), ['b']);
      assert.deepEqual(await names({ state: 'active', client: 'cars', limit: 9 }), ['a']);
      await store.put(newPut('c', 'c2', { client: 'cars' }));
      assert.deepEqual(await names({ client: 'cars', limit: 9 }), ['a', 'b', 'c']);
    });

    it('shows the sends of a grant, newest first, page by page', async (scope) => {
      const { store } = await open(scope);
      const { grant } = await store.put(newPut('car', 't1'));
      let row = grant;
      for (let send = 0; send < 3; send++) {
        while (store.nowMs() <= (row.sends.lastAtMs ?? 0))
          await new Promise((next) => void setImmediate(next));
        row = await claimed(store, row, newClaim('me', { voidOwner: 'me' }));
      }
      const [newest, ...older] = await store.attempts(grant.id, 9);
      assert.ok(newest);
      assert.deepEqual(await store.attempts(grant.id, 9, newest.sentAtMs), older);
      assert.equal(older.length, 2);
      assert.ok((older[0]?.sentAtMs ?? 0) > (older[1]?.sentAtMs ?? 0));
    });

    it('finds what other keys sealed, and seals it anew only where the row is as seen', async (scope) => {
      const { store } = await open(scope);
      const { grant } = await store.put(newPut('car', 't1'));
      const current = bytes('keys');
      assert.deepEqual(await store.grantsUnderOtherKeys(current, '', 5), { rows: [], after: undefined });
      assert.equal((await store.grantsUnderOtherKeys(bytes('newk'), '', 5)).rows.length, 1);
      const anew = { sealed: bytes('1newk'), lookup: bytes('t1') };
      assert.equal(await store.reseal(grant.id, { generation: 9, epoch: 1 }, anew), false);
      assert.equal(await store.reseal(grant.id, byGeneration(grant), anew), true);
      assert.equal((await store.grantsUnderOtherKeys(bytes('newk'), '', 5)).rows.length, 0);
      assert.equal((await store.grantsUnderOtherKeys(current, '', 5)).rows.length, 1);
      await store.disconnect('car', { clients: ['cars'], holdMs: 0 });
      assert.equal((await store.grantsUnderOtherKeys(current, '', 5)).rows.length, 1, 'it must be revoked');
      await store.noteRevocation(grant.id, { tries: 1, nextAtMs: undefined, drop: [] });
      // Nobody reads its pair any more.
      assert.equal((await store.grantsUnderOtherKeys(current, '', 5)).rows.length, 0);
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
      await store.settle(grant.id, exactly(row), settlement({ change: change('staged'), keep: [kept] }));
      await store.prune(bounds({ beforeMs: store.nowMs() + 1000 }));
      assert.equal((await store.readAnswers(grant.id)).length, 1);
      assert.equal((await store.attempts(grant.id, 5)).length, 0);
    });
  });
};

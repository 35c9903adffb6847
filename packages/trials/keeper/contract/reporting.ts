import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { bytes, change, claimed, exactly, newPut, settlement } from './rows.ts';
import type { OpenForContract } from './rows.ts';

/** What a report of the last time is made of. */
export const describeReporting = (name: string, open: OpenForContract): void => {
  describe(`${name}: reports and pages`, () => {
    it('counts deaths by cause since a moment, and lists the last sends and events, newest first', async (scope) => {
      const { store } = await open(scope);
      const { grant } = await store.put(newPut('car', 't1'));
      const fromMs = store.nowMs();
      await claimed(store, grant);
      const row = await store.find('car');
      assert.ok(row);
      const events = [{ kind: 'at_risk', deadlineMs: 1 }, { kind: 'recovered' }] as const;
      const dead = change('dead', { cause: 'expired' });
      await store.settle(grant.id, exactly(row), settlement({ change: dead, events }));
      assert.deepEqual(await store.deathsSince(fromMs - 60_000), { expired: 1 });
      assert.deepEqual(await store.deathsSince(fromMs + 60_000), {});
      const [send, ...none] = await store.lastSends(fromMs - 60_000, 9);
      assert.deepEqual([send?.client, send?.outcome, none], ['cars', undefined, []]);
      assert.deepEqual(await store.lastSends(store.nowMs() + 60_000, 9), []);
      const all = await store.lastEvents(9);
      assert.deepEqual(
        all.map(({ event, connections }) => [event.kind, connections]),
        [
          ['recovered', ['car']],
          ['at_risk', ['car']],
        ],
      );
      assert.deepEqual(await store.lastEvents(9, all[0]?.id), all.slice(1));
      assert.deepEqual(await store.lastEvents(1), all.slice(0, 1));
    });

    it('looks at so many rows at a time for other keys, whatever it finds', async (scope) => {
      const { store } = await open(scope);
      const grants = [];
      for (const car of ['a', 'b', 'c']) grants.push((await store.put(newPut(car, car))).grant.id);
      const ids = grants.toSorted();
      for (const key of ['keys', 'newk']) {
        const found = key === 'keys' ? [] : ids;
        const first = await store.grantsUnderOtherKeys(bytes(key), '', 2);
        assert.deepEqual([first.rows.map(({ id }) => id), first.after], [found.slice(0, 2), ids[1]]);
        const rest = await store.grantsUnderOtherKeys(bytes(key), ids[1] ?? '', 2);
        assert.deepEqual([rest.rows.map(({ id }) => id), rest.after], [found.slice(2), undefined]);
      }
      assert.deepEqual(await store.answersUnderOtherKeys(bytes('newk'), '', 2), {
        rows: [],
        after: undefined,
      });
    });

    it('lists what is in trouble by how long it is', async (scope) => {
      const { store } = await open(scope);
      for (const car of ['b', 'a', 'c']) {
        const { grant } = await store.put(newPut(car, car));
        const from = store.nowMs();
        while (store.nowMs() <= from) await new Promise((next) => void setImmediate(next));
        await store.settle(grant.id, exactly(grant), settlement({ change: change('uncertain') }));
      }
      const names = async (order: 'oldest' | 'newest', limit: number): Promise<string[]> =>
        (await store.listByAge('uncertain', order, limit)).map(({ name: one }) => one);
      assert.deepEqual(await names('oldest', 9), ['b', 'a', 'c']);
      assert.deepEqual(await names('newest', 2), ['c', 'a']);
      assert.deepEqual(await store.listByAge('dead', 'newest', 9), []);
    });
  });
};

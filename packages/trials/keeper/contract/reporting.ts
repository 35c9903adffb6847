import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { change, claimed, exactly, newPut, settlement } from './rows.ts';
import type { OpenForContract } from './rows.ts';

/** What a report of the last time is made of. */
export const describeReporting = (name: string, open: OpenForContract): void => {
  describe(`${name}: reports`, () => {
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
  });
};

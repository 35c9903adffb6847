import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { bounds, change, claimed, exactly, newPut, settlement } from './rows.ts';
import type { OpenForContract } from './rows.ts';

/** Events, and what processes share about clients. */
export const describeAnnouncing = (name: string, open: OpenForContract): void => {
  describe(`${name}: events and clients`, () => {
    it('an event is there with its change, and is given to one listener at a time', async (scope) => {
      const { store, again } = await open(scope);
      const { grant } = await store.put(newPut('car', 't1'));
      const row = await claimed(store, grant);
      const events = [{ kind: 'recovered' }] as const;
      await store.settle(grant.id, exactly(row), settlement({ events }));
      const stale = await store.settle(
        grant.id,
        exactly(row),
        settlement({ events, change: change('dead') }),
      );
      assert.equal(stale.isDone, true);
      const taken = await store.takeEvents(10, 60_000);
      assert.deepEqual(
        taken.map(({ event, connections }) => [event.kind, connections]),
        [
          ['recovered', ['car']],
          ['recovered', ['car']],
        ],
      );
      assert.deepEqual(await (await again()).takeEvents(10, 60_000), []);
      await store.ackEvents(taken.map(({ id }) => id));
      await store.announce(grant.id, { kind: 'recovered' }, 'key');
      await store.announce(grant.id, { kind: 'recovered' }, 'key');
      assert.equal((await store.takeEvents(10, -1)).length, 1);
      assert.equal((await store.takeEvents(10, 60_000)).length, 1);
    });

    it('the outbox has bounds, and the last word about a dead grant stays in it', async (scope) => {
      const { store } = await open(scope);
      const needsConsent = { kind: 'needs_consent', cause: 'revoked', accessValidUntilMs: 5 } as const;
      const die = async (car: string): Promise<string> => {
        const { grant } = await store.put(newPut(car, car));
        const events = [needsConsent, needsConsent];
        await store.settle(grant.id, exactly(grant), settlement({ change: change('dead'), events }));
        return grant.id;
      };
      const dead = await die('dead');
      const back = await die('back');
      await store.put(newPut('back', 'new pair'));
      for (let event = 0; event < 4; event++) await store.announce(dead, { kind: 'recovered' }, `${event}`);
      const nothing = await store.prune(bounds());
      assert.deepEqual(nothing, { droppedEvents: 0, isMore: false });
      const pruned = await store.prune(bounds({ outbox: { beforeMs: 0, eventsMax: 2 } }));
      assert.deepEqual(pruned, { droppedEvents: 5, isMore: false });
      const left = async (): Promise<readonly unknown[]> =>
        (await store.takeEvents(10, -1)).map(({ event, grantId }) => [event.kind, grantId]);
      assert.deepEqual(await left(), [
        ['needs_consent', dead],
        ['recovered', dead],
        ['recovered', dead],
      ]);
      assert.notEqual(back, dead);
      const late = { outbox: { beforeMs: store.nowMs() + 1000, eventsMax: 1000 } };
      assert.deepEqual(await store.prune(bounds({ ...late, limit: 1 })), { droppedEvents: 1, isMore: true });
      await store.prune(bounds(late));
      assert.deepEqual(await left(), [['needs_consent', dead]]);
    });

    it('facts of a client are written by one process at a time', async (scope) => {
      const { store, again } = await open(scope);
      const facts = {
        secrets: 's',
        learned: {},
        successAtMs: 5,
        unclear: [],
        breaker: undefined,
        pausedUntilMs: undefined,
        pace: undefined,
        skew: { samples: [], isReported: false },
        surprises: [],
      };
      const event = { kind: 'client.recovered', client: 'cars' } as const;
      assert.equal(await store.readClient('cars'), undefined);
      assert.equal(await store.writeClient('cars', 0, facts, [event]), true);
      assert.equal(await (await again()).writeClient('cars', 0, facts, [event]), false);
      const read = await store.readClient('cars');
      assert.deepEqual([read?.version, read?.facts.successAtMs], [1, 5]);
      assert.equal(await store.writeClient('cars', 1, { ...facts, successAtMs: 6 }, []), true);
      assert.equal((await store.takeEvents(10, 60_000)).length, 1);
    });
  });
};

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import type { Store } from '@keyfob/keeper/stores';
import { change, exactly, newPut, settlement } from './rows.ts';
import type { OpenForContract } from './rows.ts';

const take = (from: Store, rank: 0 | 1, limit: number) =>
  from.takeDue({ client: 'cars', rank, limit, holdMs: 60_000 });

const takesOnlySent = async (open: OpenForContract, scope: TestContext): Promise<void> => {
  const { store } = await open(scope);
  for (const car of ['calm', 'sent']) await store.put(newPut(car, car, { due: { atMs: 5, rank: 0 } }));
  const { grant } = await store.put(newPut('sent', 'again', { due: { atMs: 5, rank: 0 } }));
  const claim = { owner: 'o', leaseMs: 1, attempt: { id: 'a', fingerprint: new Uint8Array(1) } };
  await store.claim(grant.id, grant, { ...claim, voidOwner: undefined });
  const wanted = { client: 'cars', rank: 0, limit: 5, holdMs: 60_000 } as const;
  assert.deepEqual(
    (await store.takeDue({ ...wanted, isSent: true })).map(({ id }) => id),
    [grant.id],
  );
  assert.equal((await store.takeDue(wanted)).length, 1);
};

/** What is due. */
export const describeScheduling = (name: string, open: OpenForContract): void => {
  describe(`${name}: the schedule`, () => {
    it('gives each due grant to one process, in the order of its rank and time', async (scope) => {
      const { store, again } = await open(scope);
      const other = await again();
      for (const [car, atMs] of [
        ['a', 30],
        ['b', 10],
        ['c', 20],
      ] as const)
        await store.put(newPut(car, car, { due: { atMs, rank: 1 } }));
      await store.put(newPut('later', 'later', { due: { atMs: store.nowMs() + 1e9, rank: 1 } }));
      await store.put(newPut('risky', 'risky', { due: { atMs: 5, rank: 0 } }));
      const [mine, others] = [await take(store, 1, 2), await take(other, 1, 5)];
      assert.deepEqual(
        [
          mine.map(({ due }) => due?.atMs ?? 0).toSorted((one, two) => one - two),
          others.map(({ due }) => due?.atMs),
        ],
        [[10, 20], [30]],
      );
      assert.equal((await take(other, 0, 5)).length, 1);
      assert.equal((await take(store, 1, 5)).length, 0);
      assert.equal((await store.takeDue({ client: 'none', rank: 1, limit: 5, holdMs: 1 })).length, 0);
    });

    it('many processes take every due grant once', async (scope) => {
      const { store, again } = await open(scope);
      for (let car = 0; car < 40; car++)
        await store.put(newPut(`car-${car}`, `c${car}`, { due: { atMs: car, rank: 2 } }));
      const stores = [store, await again(), await again(), await again()];
      const taken = await Promise.all(
        stores.map((one) => one.takeDue({ client: 'cars', rank: 2, limit: 15, holdMs: 60_000 })),
      );
      const ids = taken.flat().map(({ id }) => id);
      assert.equal(new Set(ids).size, ids.length);
      assert.ok(ids.length >= 30);
    });

    it('gives only grants whose token was sent, where that is asked for', (scope) =>
      takesOnlySent(open, scope));

    it('touching makes due earlier, and never later', async (scope) => {
      const { store } = await open(scope);
      const { grant } = await store.put(newPut('car', 't1', { due: { atMs: 5000, rank: 2 } }));
      await store.touch([{ grantId: grant.id, askedAtMs: 7, due: { atMs: 9000, rank: 1 } }]);
      assert.deepEqual((await store.find('car'))?.due, { atMs: 5000, rank: 2 });
      await store.touch([{ grantId: grant.id, askedAtMs: 3, due: { atMs: 4000, rank: 1 } }]);
      const touched = await store.find('car');
      assert.deepEqual([touched?.due, touched?.askedAtMs], [{ atMs: 4000, rank: 1 }, 7]);
    });

    it('pulls idle grants forward, the first ones, and no others', async (scope) => {
      const { store } = await open(scope);
      for (const [car, atMs, rank] of [
        ['before', 99, 2],
        ['one', 100, 2],
        ['two', 105, 2],
        ['three', 109, 2],
        ['after', 110, 2],
        ['used', 101, 1],
      ] as const)
        await store.put(newPut(car, car, { due: { atMs, rank } }));
      const failing = await store.put(newPut('failing', 'failing'));
      const due = { atMs: 102, rank: 2 } as const;
      await store.settle(
        failing.grant.id,
        exactly(failing.grant),
        settlement({ change: change('active', { due, failures: 1 }) }),
      );
      const pull = { client: 'cars', fromMs: 100, untilMs: 110, byMs: 50 };
      assert.equal(await store.pullForward({ ...pull, limit: 2 }), 2);
      const dueOf = async (car: string): Promise<number | undefined> => (await store.find(car))?.due?.atMs;
      const cars = ['before', 'one', 'two', 'three', 'after', 'used', 'failing'];
      assert.deepEqual(await Promise.all(cars.map(dueOf)), [99, 50, 55, 109, 110, 101, 102]);
      assert.equal(await store.pullForward({ ...pull, limit: 9 }), 1);
    });

    it('finds what ends soon, page by page, and nothing that is over', async (scope) => {
      const { store } = await open(scope);
      for (const car of ['a', 'b', 'c', 'dead']) await store.put(newPut(car, car));
      const dead = await store.find('dead');
      assert.ok(dead);
      await store.settle(dead.id, exactly(dead), settlement({ change: change('dead') }));
      const first = await store.endingBefore('cars', 3000, { limit: 2 });
      const rest = await store.endingBefore('cars', 3000, { after: first.at(-1), limit: 5 });
      const found = [...first, ...rest].map(({ id }) => id);
      assert.deepEqual([first.length, new Set(found).size, found.includes(dead.id)], [2, 3, false]);
      assert.deepEqual(await store.endingBefore('cars', 2999, { limit: 5 }), []);
      assert.deepEqual(await store.endingBefore('none', 3000, { limit: 5 }), []);
    });

    it('counts what becomes due, and what ends, in steps of time', async (scope) => {
      const { store } = await open(scope);
      for (const [car, atMs] of [
        ['late', 99],
        ['first', 100],
        ['second', 109],
        ['third', 110],
        ['beyond', 130],
      ] as const)
        await store.put(newPut(car, car, { due: { atMs, rank: 2 } }));
      const span = { fromMs: 100, untilMs: 130, stepMs: 10 };
      const due = [
        { step: -1, grants: 1 },
        { step: 0, grants: 2 },
        { step: 1, grants: 1 },
      ];
      assert.deepEqual(await store.dueSteps({ client: 'cars', rank: 2 }, span), due);
      assert.deepEqual(await store.dueSteps({ client: 'cars', rank: 1 }, span), []);
      const ends = { fromMs: 2000, untilMs: 4000, stepMs: 500 };
      assert.deepEqual(await store.endSteps('cars', ends), [{ step: 2, grants: 5 }]);
      assert.deepEqual(await store.endSteps('none', ends), []);
    });
  });
};

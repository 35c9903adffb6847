import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  bytes,
  newPut,
  change,
  settlement,
  nextPair,
  answerTo,
  exactly,
  byGeneration,
  claimed,
} from './rows.ts';
import type { OpenForContract } from './rows.ts';

/** The answers that wait beside a row. */
export const describeAnswers = (name: string, open: OpenForContract): void => {
  describe(`${name}: answers beside a row`, () => {
    it('of two answers the first is stored, and the other is kept beside it', async (scope) => {
      const { store } = await open(scope);
      const { grant } = await store.put(newPut('car', 't1'));
      const row = await claimed(store, grant);
      await store.settle(grant.id, byGeneration(row), settlement({ pair: nextPair('t2') }));
      const spare = answerTo(row, 'spare');
      const second = await store.settle(
        grant.id,
        byGeneration(row),
        settlement({ pair: nextPair('t3'), keepIfMoved: [spare] }),
      );
      assert.deepEqual([second.isDone, second.grant?.generation], [false, 2]);
      assert.deepEqual(
        (await store.readAnswers(grant.id)).map(({ id }) => id),
        ['spare'],
      );
    });

    it('a token that a grant has sent is known, under any of its lookups, and only for that grant', async (scope) => {
      const { store } = await open(scope);
      const { grant } = await store.put(newPut('car', 't1'));
      const other = await store.put(newPut('two', 't2'));
      await claimed(store, grant);
      const [sent, unknown] = [bytes('posted'), bytes('never sent')];
      assert.equal(await store.wasSent(grant.id, [unknown, sent]), true);
      assert.equal(await store.wasSent(grant.id, [unknown]), false);
      assert.equal(await store.wasSent(other.grant.id, [sent]), false);
    });

    it('the dead grants that have answers are listed in pages', async (scope) => {
      const { store } = await open(scope);
      const ids: string[] = [];
      for (const [car, state] of [
        ['one', 'dead'],
        ['two', 'dead'],
        ['three', 'active'],
        ['four', 'dead'],
      ] as const) {
        const { grant } = await store.put(newPut(car, car));
        const row = await claimed(store, grant);
        const keep = car === 'four' ? [] : [answerTo(row, `kept-${row.id}`)];
        await store.settle(grant.id, exactly(row), settlement({ change: change(state), keep }));
        if (state === 'dead' && keep.length > 0) ids.push(grant.id);
      }
      const [first, second] = ids.toSorted();
      const page = async (afterId: string) =>
        (await store.listDeadWithAnswers(afterId, 1)).map(({ id }) => id);
      assert.deepEqual(await page(''), [first]);
      assert.deepEqual(await page(first ?? ''), [second]);
      assert.deepEqual(await page(second ?? ''), []);
    });

    it('an answer that is kept can be dropped with the next change', async (scope) => {
      const { store } = await open(scope);
      const { grant } = await store.put(newPut('car', 't1'));
      const row = await claimed(store, grant);
      const kept = answerTo(row, `kept-${row.id}`);
      await store.settle(grant.id, exactly(row), settlement({ change: change('staged'), keep: [kept] }));
      assert.deepEqual(await store.readAnswers(grant.id), [kept]);
      await store.settle(grant.id, byGeneration(row), settlement({ pair: nextPair('t2'), drop: [kept.id] }));
      assert.deepEqual(await store.readAnswers(grant.id), []);
    });
  });
};

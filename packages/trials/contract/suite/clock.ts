import assert from 'node:assert/strict';
import { CREATED_AT_MS } from '../../support/samples.ts';
import type { OnStore } from '../register.ts';

/** readClock and noteClock. */
export const clockContract = (onStore: OnStore): void => {
  onStore('What a server noted last is read, earlier or later than before.', async (store) => {
    assert.equal((await store.readClock()).seenAtMs, undefined);
    for (const seenAtMs of [CREATED_AT_MS, CREATED_AT_MS + 1, CREATED_AT_MS - 1]) {
      await store.noteClock(seenAtMs);
      assert.equal((await store.readClock()).seenAtMs, seenAtMs);
    }
  });

  onStore('A database shows its clock, and a store without one shows none.', async (store) => {
    const [first, second] = [await store.readClock(), await store.readClock()];
    assert.equal(typeof first.databaseMs, typeof second.databaseMs);
    assert.ok(first.databaseMs === undefined || Number.isInteger(first.databaseMs));
  });
};

import assert from 'node:assert/strict';
import { CREATED_AT_MS, sampleClient } from '../../support/samples.ts';
import type { OnStore } from '../register.ts';

const keyOf = (number: number) => ({
  number,
  createdAtMs: CREATED_AT_MS + number,
  fingerprint: number.toString(16).padStart(32, '0'),
});

/** listKeys, registerKey, and the newest key in every result of readClient. */
export const keyContract = (onStore: OnStore): void => {
  onStore('Keys are listed newest first, in any order of registration.', async (store) => {
    assert.deepEqual(await store.listKeys(), []);
    for (const number of [2, 10, 1, 9]) await store.registerKey(keyOf(number));
    assert.deepEqual(await store.listKeys(), [10, 9, 2, 1].map(keyOf));
  });

  onStore('A key that is registered twice is listed once.', async (store) => {
    for (const number of [1, 1]) await store.registerKey(keyOf(number));
    assert.deepEqual(await store.listKeys(), [keyOf(1)]);
  });

  onStore(
    'Every read of a client returns the newest key, even if the client does not exist.',
    async (store) => {
      await store.createClient(sampleClient());
      for (const [registered, newest] of [
        [1, 1],
        [64, 64],
        [3, 64],
      ] as const) {
        await store.registerKey(keyOf(registered));
        for (const id of ['client-a', 'client-b'])
          assert.equal((await store.readClient(id)).newestKeyNumber, newest);
      }
    },
  );
};

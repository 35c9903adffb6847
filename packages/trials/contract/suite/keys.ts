import assert from 'node:assert/strict';
import { KEY_PURPOSES } from '@keyfob/server/tokens';
import type { RegisteredKey } from '@keyfob/server/tokens';
import {
  CREATED_AT_MS,
  fill,
  NOW_MS,
  refreshed,
  sampleClient,
  sampleGrant,
  sampleUse,
} from '../../support/samples.ts';
import type { OnStore } from '../register.ts';

const keyOf = (number: number): RegisteredKey => ({
  number,
  purpose: KEY_PURPOSES[number % 4] ?? 'seal',
  createdAtMs: CREATED_AT_MS + number,
  fingerprint: number.toString(16).padStart(32, '0'),
});

const compromised = (opensUntilMs: number) =>
  ({ state: 'compromised', atMs: CREATED_AT_MS, opensUntilMs }) as const;

/** listKeys, registerKey, withdrawKey, countGrantsByKey, and the keys in every result of readClient. */
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
    'Every read of a client returns the registered keys, even if the client does not exist.',
    async (store) => {
      await store.createClient(sampleClient());
      for (const [registered, numbers] of [
        [1, [1]],
        [64, [64, 1]],
        [3, [64, 3, 1]],
      ] as const) {
        await store.registerKey(keyOf(registered));
        for (const id of ['client-a', 'client-b'])
          assert.deepEqual((await store.readClient(id)).keys, numbers.map(keyOf));
      }
    },
  );

  onStore(
    'A withdrawn key is seen in the next list and in the next read of a client; its window may move until it is retired.',
    async (store) => {
      await store.createClient(sampleClient());
      for (const number of [4, 8]) await store.registerKey(keyOf(number));
      assert.deepEqual((await store.readClient('client-a')).keys, [keyOf(8), keyOf(4)]);
      const retired = { state: 'retired', atMs: CREATED_AT_MS + 9 } as const;
      for (const withdrawal of [compromised(CREATED_AT_MS + 5), compromised(CREATED_AT_MS + 7), retired]) {
        assert.equal(await store.withdrawKey(4, withdrawal), 'withdrawn');
        const expected = [keyOf(8), { ...keyOf(4), withdrawal }];
        assert.deepEqual(await store.listKeys(), expected);
        for (const id of ['client-a', 'client-b'])
          assert.deepEqual((await store.readClient(id)).keys, expected);
      }
      assert.equal(await store.withdrawKey(4, compromised(CREATED_AT_MS + 99)), 'retired_before');
      assert.equal(await store.withdrawKey(8, retired), 'active');
      assert.equal(await store.withdrawKey(12, retired), 'unknown');
      await store.registerKey(keyOf(4));
      assert.deepEqual(await store.listKeys(), [keyOf(8), { ...keyOf(4), withdrawal: retired }]);
    },
  );

  onStore('Grants are counted by the key of their current token, revoked ones aside.', async (store) => {
    await store.createClient(sampleClient());
    assert.deepEqual(await store.countGrantsByKey(), new Map());
    for (const [id, keyNumber] of [
      [1n, 1],
      [2n, 1],
      [3n, 2],
      [4n, 2],
      [5n, 3],
    ] as const)
      await store.createGrant(sampleGrant({ id, keyNumber }));
    for (const id of [4n, 5n]) await store.revoke(id, { nowMs: CREATED_AT_MS, cause: 'operator' });
    assert.deepEqual(
      [...(await store.countGrantsByKey())].sort(([one], [other]) => one - other),
      [
        [1, 2],
        [2, 1],
      ],
    );
  });

  for (const rotation of ['overlap', 'none'] as const)
    onStore(
      `With rotation ${rotation}, a token of a compromised key is replaced under another key in its window, and not afterwards.`,
      async (store) => {
        await fill(store, { rotation });
        const presented = { withdrawal: compromised(NOW_MS) };
        const use = (nowMs: number) => sampleUse(0, { nowMs, keyNumber: 8, presented });
        const late = await refreshed(store, use(NOW_MS));
        assert.deepEqual(late.verdict, { kind: 'refuse', reason: 'key_compromised' });
        assert.deepEqual(await store.readGrant(42n), sampleGrant());
        assert.equal((await refreshed(store, use(NOW_MS - 1))).verdict.kind, 'rotate');
        const { generation, keyNumber } = (await store.readGrant(42n)) ?? {};
        assert.deepEqual([generation, keyNumber], [1, 8]);
        const ahead = await refreshed(store, sampleUse(3, { nowMs: NOW_MS - 1, presented }));
        assert.deepEqual(ahead.verdict, { kind: 'refuse', reason: 'key_compromised' });
      },
    );

  onStore('A token of a retired key is refused, and changes nothing.', async (store) => {
    await fill(store);
    const withdrawal = { state: 'retired', atMs: NOW_MS } as const;
    const { verdict } = await refreshed(store, sampleUse(0, { presented: { withdrawal } }));
    assert.deepEqual(verdict, { kind: 'refuse', reason: 'key_retired' });
    assert.deepEqual(await store.readGrant(42n), sampleGrant());
  });
};

import assert from 'node:assert/strict';
import type { Store } from '@keyfob/server/stores';
import {
  CREATED_AT_MS,
  fill,
  listAll,
  NOW_MS,
  OVERLAP_POLICY,
  sampleClient,
  sampleGrant,
} from '../../support/samples.ts';
import { sampleUse } from '../../support/samples.ts';
import type { OnStore } from '../register.ts';

const LIFETIME = 1000;
const SHORT = { refreshTokenLifetimeSeconds: LIFETIME, overlapSeconds: 60 };

const left = async (store: Store): Promise<readonly bigint[]> =>
  (await listAll(store, 100)).map((grant) => grant.id);

export const pruneContract = (onStore: OnStore): void => {
  onStore(
    'Pruning removes grants that expired before a time, but not those that expire at that time.',
    async (store) => {
      await fill(store, SHORT);
      const nothing = { pruned: 0, next: undefined };
      assert.deepEqual(
        await store.prune({ limit: 10, endedBeforeMs: CREATED_AT_MS + LIFETIME * 1000 }),
        nothing,
      );
      const gone = await store.prune({ limit: 10, endedBeforeMs: CREATED_AT_MS + (LIFETIME + 1) * 1000 });
      assert.deepEqual(gone, { pruned: 1, next: undefined });
      assert.equal(await store.readGrant(42n), undefined);
      assert.equal(await store.countGrants('client-a'), 0);
    },
  );

  onStore('Pruning considers the lifetime of the newest token and of the grant.', async (store) => {
    await fill(store, SHORT);
    await store.refresh(sampleUse(0, { nowMs: CREATED_AT_MS + 500_000 }));
    const endedBeforeMs = CREATED_AT_MS + 500_000 + LIFETIME * 1000;
    assert.equal((await store.prune({ limit: 10, endedBeforeMs })).pruned, 0);
    const policy = { ...OVERLAP_POLICY, ...SHORT, grantLifetimeSeconds: 700 };
    await store.changeClient('client-a', { policy });
    assert.equal((await store.prune({ limit: 10, endedBeforeMs: CREATED_AT_MS + 700_000 })).pruned, 0);
    assert.equal((await store.prune({ limit: 10, endedBeforeMs: CREATED_AT_MS + 701_000 })).pruned, 1);
  });

  onStore(
    'Pruning removes grants that were revoked before a time, unless they were reinstated.',
    async (store) => {
      await fill(store);
      await store.createGrant(sampleGrant({ id: -1n }));
      for (const id of [-1n, 42n])
        await store.revoke(id, { nowMs: CREATED_AT_MS + 10_000, cause: 'operator' });
      await store.reinstate(42n, { nowMs: CREATED_AT_MS });
      assert.equal((await store.prune({ limit: 10, endedBeforeMs: CREATED_AT_MS + 10_000 })).pruned, 0);
      assert.equal((await store.prune({ limit: 10, endedBeforeMs: CREATED_AT_MS + 11_000 })).pruned, 1);
      assert.deepEqual(await left(store), [42n]);
    },
  );

  onStore('The evidence of a replay is removed with its grant.', async (store) => {
    await fill(store);
    await store.refresh(sampleUse(0));
    await store.refresh(sampleUse(0, { nowMs: NOW_MS + 100_000 }));
    assert.notEqual(await store.readReplay(42n), undefined);
    await store.prune({ limit: 10, endedBeforeMs: CREATED_AT_MS + 10 ** 12 });
    assert.equal(await store.readReplay(42n), undefined);
    await store.createGrant(sampleGrant());
    assert.equal(await store.readReplay(42n), undefined);
  });

  onStore('A pruned grant is unknown to every verb, and its id can be used again.', async (store) => {
    await fill(store, SHORT);
    await store.prune({ limit: 10, endedBeforeMs: CREATED_AT_MS + 10 ** 12 });
    assert.equal(await store.revoke(42n, { nowMs: CREATED_AT_MS, cause: 'operator' }), 'unknown');
    assert.equal(await store.reinstate(42n, { nowMs: CREATED_AT_MS }), 'unknown');
    assert.equal(await store.createGrant(sampleGrant()), 'created');
  });

  onStore('Pruning processes the grants page by page, negative ids first.', async (store) => {
    await store.createClient(sampleClient({ policy: { ...OVERLAP_POLICY, ...SHORT } }));
    const ids = Array.from({ length: 25 }, (_, index) => BigInt(index - 12) * 10n ** 17n);
    for (const id of ids) {
      const isLive = id % (2n * 10n ** 17n) === 0n;
      await store.createGrant(
        sampleGrant({ id, createdAtMs: isLive ? CREATED_AT_MS + 10_000_000 : CREATED_AT_MS }),
      );
    }
    const first = await store.prune({ limit: 4, endedBeforeMs: CREATED_AT_MS + 5_000_000 });
    assert.deepEqual(first, { pruned: 2, next: ids[3] });
    let [after, pruned] = [first.next, first.pruned];
    while (after !== undefined) {
      const page = await store.prune({ after, limit: 4, endedBeforeMs: CREATED_AT_MS + 5_000_000 });
      pruned += page.pruned;
      after = page.next;
    }
    assert.equal(pruned, 12);
    assert.deepEqual(
      await left(store),
      ids.filter((id) => id % (2n * 10n ** 17n) === 0n),
    );
  });
};

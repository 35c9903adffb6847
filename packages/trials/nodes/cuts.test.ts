import assert from 'node:assert/strict';
import {
  CREATED_AT_MS,
  createGrants,
  NOW_MS,
  redeemed,
  refreshed,
  sampleCode,
  sampleCodeUse,
  sampleUse,
} from '../support/samples.ts';
import { REFRESH } from './refresh-bytes.ts';
import { describeProxiedStore, failsAs, REVOCATION } from './proxied-store.ts';

await describeProxiedStore('a store on PostgreSQL whose connection is cut', ({ onStore }) => {
  onStore(
    'A refresh is one round trip; one that is refused or repeated reads its row in a second.',
    async ({ store, proxy }) => {
      await refreshed(store, sampleUse(0));
      for (const [use, kind, turns] of [
        [sampleUse(1, { nowMs: NOW_MS + 1 }), 'rotate', 1],
        [sampleUse(1, { nowMs: NOW_MS + 2 }), 'refuse', 2],
        [sampleUse(1, { nowMs: NOW_MS + 3, presented: { isRetryOfOurs: true } }), 'repeat', 2],
      ] as const) {
        const before = proxy.turns();
        assert.equal((await refreshed(store, use)).verdict.kind, kind);
        assert.equal(proxy.turns() - before, turns);
      }
    },
  );

  onStore('Refreshes that wait at the same moment share their round trips.', async ({ store, proxy }) => {
    const ids = Array.from({ length: 400 }, (_, index) => BigInt(index + 1000));
    await createGrants(store, ids);
    const before = proxy.turns();
    await Promise.all(ids.map((grantId) => refreshed(store, sampleUse(0, { presented: { grantId } }))));
    // The client and the keys are read once, and the refreshes share two statements.
    assert.ok(proxy.turns() - before <= 4, `${proxy.turns() - before} round trips`);
  });

  onStore(
    'A refresh that is cut off on its way is sent again, and the client notices nothing.',
    async ({ store, proxy, readGeneration }) => {
      void proxy.fail('cut_before', ...REFRESH);
      assert.equal((await refreshed(store, sampleUse(0))).verdict.kind, 'rotate');
      assert.equal(await readGeneration(), 1);
    },
  );

  onStore(
    'A refresh whose answer was cut off takes place once, and is still answered.',
    async ({ store, proxy }) => {
      void proxy.fail('cut_after', ...REFRESH);
      const { verdict, grant } = await refreshed(store, sampleUse(0));
      assert.deepEqual([verdict, grant?.generation], [{ kind: 'repeat', cause: 'same_use' }, 1]);
      assert.deepEqual(await store.readGrant(42n), grant);
      assert.equal((await refreshed(store, sampleUse(1, { nowMs: NOW_MS + 1 }))).verdict.kind, 'rotate');
    },
  );

  onStore(
    'All refreshes that shared a statement which was cut off are answered, once each.',
    async ({ store, proxy }) => {
      const ids = Array.from({ length: 50 }, (_, index) => BigInt(index + 1000));
      await createGrants(store, ids);
      void proxy.fail('cut_after', ...REFRESH);
      const uses = ids.map((grantId) => refreshed(store, sampleUse(0, { presented: { grantId } })));
      for (const { grant } of await Promise.all(uses)) assert.equal(grant?.generation, 1);
    },
  );

  onStore(
    'A code whose answer was cut off is redeemed once, and still answered.',
    async ({ store, proxy }) => {
      await store.createCode(sampleCode({ grantId: 7n }));
      void proxy.fail('cut_after', 'COMMIT\0');
      const result = await redeemed(store, sampleCodeUse({ presented: { grantId: 7n } }));
      assert.deepEqual([result.verdict.kind, result.grant?.revocation], ['repeat', undefined]);
    },
  );

  onStore(
    'A refresh that is cut off from an unreachable database has an unknown outcome.',
    async ({ store, proxy }) => {
      await refreshed(store, sampleUse(0));
      void proxy.fail('hold', ...REFRESH).then(() => proxy.refuse(true));
      await assert.rejects(
        async () => store.refresh(sampleUse(1, { nowMs: NOW_MS + 1 })),
        failsAs('outcome_unknown'),
      );
      proxy.refuse(false);
      const retry = sampleUse(1, { nowMs: NOW_MS + 2, presented: { isRetryOfOurs: true } });
      assert.equal((await refreshed(store, retry)).grant?.generation, 2);
    },
  );

  onStore(
    'A transaction that is cut off before its commit is repeated, and the caller notices nothing.',
    async ({ store, proxy }) => {
      for (const fault of ['cut_before', 'cut_after'] as const) {
        void proxy.fail(fault, 'BEGIN');
        assert.equal(await store.revoke(42n, REVOCATION), 'revoked');
        assert.equal(await store.reinstate(42n, { nowMs: CREATED_AT_MS }), 'reinstated');
      }
      assert.deepEqual(
        (await store.listGrantEvents({ after: 0, limit: 9 })).map(({ kind }) => kind),
        ['grant.created', 'grant.revoked', 'grant.reinstated', 'grant.revoked', 'grant.reinstated'],
      );
    },
  );

  onStore(
    'A transaction that is cut off before or after its commit has an unknown outcome.',
    async ({ store, proxy }) => {
      for (const [fault, isRevoked] of [
        ['cut_before', false],
        ['cut_after', true],
      ] as const) {
        void proxy.fail(fault, 'COMMIT\0');
        await assert.rejects(store.revoke(42n, REVOCATION), failsAs('outcome_unknown'));
        assert.equal((await store.readGrant(42n))?.revocation !== undefined, isRevoked);
      }
    },
  );

  onStore('A read succeeds after every connection was cut.', async ({ proxy, readGeneration }) => {
    await Promise.all(Array.from({ length: 5 }, readGeneration));
    proxy.cut();
    assert.equal(await readGeneration(), 0);
  });
});

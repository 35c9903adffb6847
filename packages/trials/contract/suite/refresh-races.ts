import assert from 'node:assert/strict';
import type { Policy } from '@keyfob/server/clients';
import type { RefreshResult, Store } from '@keyfob/server/stores';
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

/** The verdict for the loser of a race between two presentations of one token, by policy. */
export const RACES: readonly {
  readonly name: string;
  readonly policy: Partial<Policy>;
  readonly useDigest?: Uint8Array;
  readonly loser: string;
}[] = [
  { name: 'overlap', policy: {}, loser: 'repeat' },
  { name: 'strict', policy: { rotation: 'strict', overlapSeconds: 0 }, loser: 'refuse' },
  {
    name: 'strict, with one idempotency key',
    policy: { rotation: 'strict', overlapSeconds: 0 },
    useDigest: new Uint8Array(16).fill(3),
    loser: 'repeat',
  },
  { name: 'until-used', policy: { rotation: 'until-used' }, loser: 'repeat' },
];

/** Checks both results of a race: one rotation, and the loser gets nothing beyond the winner's result. */
export const checkRace = async (
  store: Store,
  results: readonly RefreshResult[],
  id: bigint,
  loser: string,
): Promise<void> => {
  const kinds = results.map(({ verdict }) => verdict.kind).sort();
  assert.deepEqual(kinds, [loser, 'rotate'].sort());
  for (const { grant } of results) assert.equal(grant?.generation, 1);
  const grant = await store.readGrant(id);
  assert.equal(grant?.generation, 1);
  assert.equal(grant.revocation, undefined);
};

/** Concurrent calls through one connection. */
export const racingContract = (onStore: OnStore): void => {
  for (const { name, policy, useDigest, loser } of RACES) {
    onStore(`A token that is presented twice at the same time rotates once: ${name}.`, async (store) => {
      await fill(store, policy);
      const use = sampleUse(0, { presented: { useDigest } });
      const results = await Promise.all([refreshed(store, use), refreshed(store, use)]);
      await checkRace(store, results, 42n, loser);
    });
  }

  onStore('Many refreshes at the same time each return their own grant.', async (store) => {
    await store.createClient(sampleClient());
    const ids = Array.from({ length: 200 }, (_, index) => BigInt(index - 100));
    await Promise.all(ids.map((id) => store.createGrant(sampleGrant({ id, subject: `owner ${id}` }))));
    const results = await Promise.all(
      ids.map((grantId, index) =>
        refreshed(store, sampleUse(0, { nowMs: NOW_MS + index, presented: { grantId } })),
      ),
    );
    for (const [index, { grant }] of results.entries()) {
      assert.equal(grant?.subject, `owner ${ids[index]}`);
      assert.deepEqual(grant.rotatedAtMs, [NOW_MS + index]);
      assert.deepEqual(await store.readGrant(grant.id), grant);
    }
  });

  onStore(
    'Of two grants that are created with the same id at the same time, one is stored.',
    async (store) => {
      const clients = ['one', 'other'].map((name) => store.createClient(sampleClient({ name })));
      assert.deepEqual((await Promise.all(clients)).sort(), ['created', 'id_taken']);
      const grants = ['one', 'other'].map((subject) => store.createGrant(sampleGrant({ subject })));
      assert.deepEqual((await Promise.all(grants)).sort(), ['created', 'id_taken']);
    },
  );

  onStore(
    'A refresh and a revocation at the same time leave a revoked grant, in either order.',
    async (store) => {
      await fill(store);
      const [result, revoked] = await Promise.all([
        refreshed(store, sampleUse(0)),
        store.revoke(42n, { nowMs: CREATED_AT_MS, cause: 'operator' }),
      ]);
      assert.equal(revoked, 'revoked');
      const grant = await store.readGrant(42n);
      assert.notEqual(grant?.revocation, undefined);
      assert.equal(grant?.generation, result.verdict.kind === 'rotate' ? 1 : 0);
    },
  );
};

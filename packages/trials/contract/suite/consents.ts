import assert from 'node:assert/strict';
import { exportConsents } from '@keyfob/server';
import type { ConsentRecord } from '@keyfob/server';
import type { Store } from '@keyfob/server/stores';
import {
  NOW_MS,
  fill,
  fillWithCode,
  redeemed,
  refreshed,
  SAMPLE_DATA,
  sampleClient,
  sampleCode,
  sampleCodeUse,
  sampleGrant,
  sampleUse,
  sampleVehicle,
} from '../../support/samples.ts';
import type { OnStore } from '../register.ts';

const consent = async (
  store: Store,
  grantId: bigint,
  more: Parameters<typeof sampleCode>[0] = {},
): Promise<void> => {
  assert.equal(await store.createCode(sampleCode({ grantId, ...more })), 'created');
  const { clientId = 'client-a' } = more;
  assert.equal(
    (await redeemed(store, sampleCodeUse({ presented: { grantId, clientId } }))).verdict.kind,
    'redeem',
  );
};

type Exported = {
  readonly subject: string;
  readonly grantEventDays: number;
  readonly consents: readonly ConsentRecord[];
};

const consentsOf = async (store: Store, subject: string): Promise<readonly bigint[]> =>
  (await store.listConsents(subject, { limit: 100 })).map(({ id }) => id);

export const consentContract = (onStore: OnStore): void => {
  onStore(
    'The consents of an owner are the grants they have, page by page, negative ids first.',
    async (store) => {
      await fill(store, {}, { id: 1n, subject: 'owner-1' });
      await store.createClient(sampleClient({ id: 'client-b' }));
      const given = [-(2n ** 63n), -5n, 0n, 7n, 2n ** 63n - 1n];
      const ids = given.toSpliced(3, 0, 1n);
      for (const [index, id] of given.toReversed().entries())
        await consent(store, id, { clientId: index % 2 === 0 ? 'client-a' : 'client-b' });
      await consent(store, 3n, { subject: 'owner-2' });
      assert.deepEqual(await consentsOf(store, 'owner-1'), ids);
      assert.deepEqual(await consentsOf(store, 'owner-2'), [3n]);
      assert.deepEqual(await consentsOf(store, 'Owner-1'), []);
      // What precedes the smallest id is no id: a page that begins there begins with the first.
      const [first] = await store.listConsents('owner-1', { after: -(2n ** 63n) - 1n, limit: 1 });
      assert.equal(first?.id, ids[0]);
      const found: bigint[] = [];
      for (;;) {
        const page = await store.listConsents('owner-1', { after: found.at(-1), limit: 2 });
        if (page.length === 0) break;
        found.push(...page.map(({ id }) => id));
      }
      assert.deepEqual(found, ids);
    },
  );

  onStore(
    'The records of an owner name every consent that is kept, with its changes and its end.',
    async (store) => {
      await fillWithCode(store, { vehicleData: SAMPLE_DATA, vehicles: [sampleVehicle()] });
      await redeemed(store);
      await refreshed(store, sampleUse(0, { nowMs: NOW_MS + 20_000 }));
      const until = NOW_MS / 1000 + 500;
      const at = { nowMs: NOW_MS + 30_000, requestId: 'request-2' };
      await store.changeVehicleData(42n, { data: ['charge'], until }, at);
      await store.createGrant(sampleGrant({ id: 43n }));
      await store.createGrant(sampleGrant({ id: 44n, subject: 'owner-2' }));
      await store.revoke(43n, { nowMs: NOW_MS + 40_000, cause: 'client' });
      const context = { store, clock: () => NOW_MS + 60_000, doubt: () => undefined };
      const parts: string[] = [];
      for await (const part of exportConsents(context, { subject: 'owner-1', grantEventDays: 1 }))
        parts.push(part);
      const { consents, ...about } = JSON.parse(parts.join('')) as Exported;
      assert.deepEqual([about.subject, about.grantEventDays], ['owner-1', 1]);
      const [first, second, ...others] = consents;
      assert.deepEqual(others, []);
      assert.deepEqual(
        [first?.status, first?.ended, first?.vehicles[0]?.vin],
        ['active', null, sampleVehicle().vin],
      );
      assert.deepEqual(first?.vehicleData?.changes, [
        {
          at: new Date(at.nowMs).toISOString(),
          by: 'owner',
          became: 'extended',
          data: ['charge'],
          until: new Date(until * 1000).toISOString(),
        },
      ]);
      assert.deepEqual(first?.access.tokensIssuedAt, [new Date(NOW_MS + 20_000).toISOString()]);
      assert.ok(
        first?.access.events.some(
          ({ kind, cause }) => kind === 'vehicle_data.changed' && cause === 'extended',
        ),
      );
      assert.deepEqual(
        [second?.status, second?.ended],
        ['revoked', { at: new Date(NOW_MS + 40_000).toISOString(), by: 'client', cause: 'client' }],
      );
      const empty: string[] = [];
      for await (const part of exportConsents(context, { subject: 'owner-9', grantEventDays: 1 }))
        empty.push(part);
      assert.deepEqual((JSON.parse(empty.join('')) as Exported).consents, []);
    },
  );

  onStore('A revoked consent is listed as revoked, until it is pruned.', async (store) => {
    await store.createClient(sampleClient());
    await consent(store, 42n);
    await store.revoke(42n, { nowMs: NOW_MS + 1000, cause: 'owner' });
    const [grant] = await store.listConsents('owner-1', { limit: 10 });
    assert.equal(grant?.revocation?.cause, 'owner');
    await store.prune({ limit: 10, endedBeforeMs: NOW_MS + 2000 });
    assert.deepEqual(await consentsOf(store, 'owner-1'), []);
  });

  onStore(
    'Pruning and removing a client also remove its consents and vehicles, and no others.',
    async (store) => {
      await store.createClient(sampleClient());
      await store.createClient(sampleClient({ id: 'client-b' }));
      const vehicles = [sampleVehicle()];
      for (const id of [1n, 2n, 3n]) await consent(store, id, { vehicles });
      await consent(store, 4n, { vehicles, clientId: 'client-b' });
      await store.revoke(2n, { nowMs: NOW_MS + 1000, cause: 'operator' });
      assert.equal((await store.prune({ limit: 10, endedBeforeMs: NOW_MS + 2000 })).pruned, 1);
      assert.deepEqual(await consentsOf(store, 'owner-1'), [1n, 3n, 4n]);
      assert.deepEqual(await store.listVehicles(2n), []);
      assert.equal(await store.removeClient('client-a', { withGrants: true }), 'removed');
      assert.deepEqual(await consentsOf(store, 'owner-1'), [4n]);
      for (const id of [1n, 3n]) assert.deepEqual(await store.listVehicles(id), []);
      assert.equal((await store.listVehicles(4n)).length, 1);
    },
  );
};

import assert from 'node:assert/strict';
import type { Store } from '@keyfob/server/stores';
import { ATTEMPTS_KEPT, DELIVERY_STATES } from '@keyfob/server/webhooks';
import type { DeliveryPlace } from '@keyfob/server/webhooks';
import { CREATED_AT_MS, NOW_MS, sampleClient, sampleGrant, sampleVehicle } from '../../support/samples.ts';
import type { OnStore } from '../register.ts';
import { sampleWebhook } from './webhooks.ts';

const FAILED = { kind: 'failed', status: 500, error: 'answered 500' } as const;

const revokeTwo = async (store: Store): Promise<void> => {
  await store.createClient(sampleClient());
  for (const id of ['one', 'two']) await store.createWebhook(sampleWebhook({ id }));
  for (const id of [1n, 2n]) {
    await store.createGrant(sampleGrant({ id }));
    await store.revoke(id, { nowMs: CREATED_AT_MS, cause: 'operator', requestId: 'request-1' });
  }
};

const claimAll = (store: Store) =>
  store.claimDeliveries({
    nowMs: NOW_MS,
    leaseMs: 1,
    limit: 100,
    limitPerWebhook: 100,
    inHand: new Map(),
  });

/** Pages of deliveries, their attempts, and grant events by vehicle. */
export const attemptContract = (onStore: OnStore): void => {
  onStore('Deliveries are listed page by page, each once.', async (store) => {
    await revokeTwo(store);
    const all = await store.listDeliveries({ states: DELIVERY_STATES, limit: 10 });
    assert.equal(all.length, 4);
    const found: DeliveryPlace[] = [];
    let after: DeliveryPlace | undefined;
    do {
      const page = await store.listDeliveries({ states: DELIVERY_STATES, limit: 1, after });
      after = page.map(({ webhookId, grantEvent: { sequence } }) => ({ webhookId, sequence }))[0];
      if (after !== undefined) found.push(after);
    } while (after !== undefined);
    assert.deepEqual(
      found,
      all.map(({ webhookId, grantEvent: { sequence } }) => ({ webhookId, sequence })),
    );
    const [newest] = all;
    assert.ok(newest);
    const place = { webhookId: newest.webhookId, sequence: newest.grantEvent.sequence };
    const ofTwo = await store.listDeliveries({
      webhookId: 'two',
      states: DELIVERY_STATES,
      limit: 9,
      after: place,
    });
    assert.deepEqual(
      ofTwo.map(({ webhookId }) => webhookId),
      ['two', 'two'],
    );
  });

  onStore(
    'Every attempt is listed as it ended, the newest of many, and goes with its delivery.',
    async (store) => {
      await revokeTwo(store);
      const [first] = await claimAll(store);
      assert.ok(first);
      const place = { webhookId: first.webhook.id, sequence: first.grantEvent.sequence };
      for (let attempts = 1; attempts <= ATTEMPTS_KEPT + 1; attempts++) {
        const retried = { ...FAILED, nextAtMs: NOW_MS };
        const attempt = { atMs: NOW_MS + attempts, tookMs: 30 };
        if (attempts > 1) await store.retryDeliveries(place.webhookId, NOW_MS);
        await store.settleDelivery({ ...place, attempts }, retried, attempt);
      }
      const end = { kind: 'delivered', nowMs: NOW_MS, status: 204 } as const;
      const attempts = ATTEMPTS_KEPT + 2;
      await store.settleDelivery({ ...place, attempts }, end, { atMs: NOW_MS + 99, tookMs: 7 });
      const listed = await store.listAttempts(place);
      assert.deepEqual(
        listed.map(({ attempt }) => attempt),
        Array.from({ length: ATTEMPTS_KEPT }, (_, index) => index + 3),
      );
      assert.deepEqual(listed[0], {
        attempt: 3,
        atMs: NOW_MS + 3,
        tookMs: 30,
        status: 500,
        error: 'answered 500',
      });
      assert.deepEqual(listed.at(-1), {
        attempt: attempts,
        atMs: NOW_MS + 99,
        tookMs: 7,
        status: 204,
        error: undefined,
      });
      assert.deepEqual(await store.listAttempts({ ...place, webhookId: 'none' }), []);
      await store.settleDelivery({ ...place, webhookId: 'none', attempts: 1 }, end, { atMs: 1, tookMs: 1 });
      await store.removeWebhook(place.webhookId);
      assert.deepEqual(await store.listAttempts(place), []);
    },
  );

  onStore(
    'Grant events are found by a vehicle that they are about, until they are dropped.',
    async (store) => {
      await store.createClient(sampleClient());
      const [car, other] = [sampleVehicle(1), sampleVehicle(2)];
      for (const id of [1n, 2n, 3n]) {
        await store.createGrant(sampleGrant({ id }));
        const vehicles = id === 2n ? [other] : [car, other];
        await store.selectVehicles(id, vehicles, { nowMs: CREATED_AT_MS });
      }
      const find = (more: object = {}) => store.listGrantEvents({ vin: car.vin, limit: 9, ...more });
      const idsOf = async (more: object = {}) => (await find(more)).map(({ grantId }) => grantId);
      assert.deepEqual(await idsOf(), [1n, 3n]);
      assert.deepEqual(await idsOf({ first: 'newest', limit: 1 }), [3n]);
      assert.deepEqual(await idsOf({ grantId: 1n, clientId: 'client-a', kind: 'vehicles.connected' }), [1n]);
      const [event] = await find();
      assert.deepEqual(await idsOf({ after: event?.sequence }), [3n]);
      assert.deepEqual(await idsOf({ vin: 'unknown' }), []);
      await store.dropGrantEvents({ beforeMs: CREATED_AT_MS + 1, limit: 1000 });
      assert.deepEqual(await idsOf(), []);
    },
  );
};

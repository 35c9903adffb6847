import assert from 'node:assert/strict';
import type { Vehicle } from '@keyfob/server/grants';
import type { Store } from '@keyfob/server/stores';
import { CREATED_AT, fill, NOW_MS, sampleUse } from '../../support/samples.ts';
import type { OnStore } from '../register.ts';
import { sampleWebhook } from './webhooks.ts';

const AT = CREATED_AT + 100;
const OPERATOR = { nowMs: NOW_MS, requestId: undefined };

const vehicleOf = (id: string): Vehicle => ({
  id,
  vin: `VIN${id}`,
  make: 'KIA',
  model: 'EV6',
  year: 2026,
  nickname: '',
  powertrain: 'EV',
});

const CREATED = ['grant.created', undefined, undefined, ''] as const;

const summarizeEvents = async (store: Store) =>
  (await store.listGrantEvents({ after: 0, limit: 100 })).map(({ kind, cause, requestId, vins }) => [
    kind,
    cause,
    requestId,
    vins.join(),
  ]);

/** Which grant events are stored, and for how long. */
export const grantEventKeepingContract = (onStore: OnStore): void => {
  keeping(onStore);
  dropping(onStore);
};

const keeping = (onStore: OnStore): void => {
  onStore(
    'A call that changes nothing creates no grant event, and neither does a refresh.',
    async (store) => {
      await fill(store);
      await store.refresh(sampleUse(0));
      await store.reinstate(42n, { nowMs: AT * 1000 });
      await store.revoke(42n, { nowMs: AT * 1000, cause: 'operator' });
      await store.revoke(42n, { nowMs: AT * 1000, cause: 'operator' });
      await store.revoke(43n, { nowMs: AT * 1000, cause: 'operator' });
      assert.deepEqual(await summarizeEvents(store), [CREATED, ['grant.revoked', 'operator', undefined, '']]);
    },
  );

  onStore('A replay and the revocation it causes are recorded with their request.', async (store) => {
    await fill(store);
    await store.refresh(sampleUse(0));
    await store.refresh(sampleUse(0, { nowMs: NOW_MS + 200_000, requestId: 'request-2' }));
    const summaries = await summarizeEvents(store);
    assert.deepEqual(
      summaries.map(([kind, , requestId]) => [kind, requestId]),
      [
        ['grant.created', undefined],
        ['grant.replayed', 'request-2'],
        ['grant.revoked', 'request-2'],
      ],
    );
    assert.equal(summaries[2]?.[1], 'replay');
  });

  onStore('The vehicles of a grant are recorded when it begins, changes and ends.', async (store) => {
    await fill(store);
    await store.selectVehicles(42n, [vehicleOf('1'), vehicleOf('2')], { ...OPERATOR, requestId: 'r1' });
    await store.disconnectVehicles(42n, ['1'], { ...OPERATOR, endsWhenEmpty: true });
    await store.revoke(42n, { nowMs: AT * 1000, cause: 'operator' });
    await store.reinstate(42n, { nowMs: AT * 1000 });
    await store.disconnectVehicles(42n, 'all', { ...OPERATOR, endsWhenEmpty: true });
    assert.deepEqual(await summarizeEvents(store), [
      CREATED,
      ['vehicles.connected', undefined, 'r1', 'VIN1,VIN2'],
      ['vehicles.disconnected', undefined, undefined, 'VIN1'],
      ['grant.revoked', 'operator', undefined, 'VIN2'],
      ['grant.reinstated', undefined, undefined, ''],
      ['vehicles.disconnected', undefined, undefined, 'VIN2'],
      ['grant.revoked', 'disconnected', undefined, ''],
    ]);
  });

  onStore('The end-of-sharing callback gets each vehicle once.', async (store) => {
    await fill(store);
    const kinds = ['vehicles.disconnected', 'grant.revoked'] as const;
    await store.createWebhook(sampleWebhook({ format: 'pleos', clientId: 'client-a', kinds }));
    await store.selectVehicles(42n, [vehicleOf('1')], OPERATOR);
    await store.disconnectVehicles(42n, 'all', { ...OPERATOR, endsWhenEmpty: true });
    const deliveries = await store.listDeliveries({ states: ['pending'], limit: 10 });
    assert.deepEqual(
      deliveries.map(({ grantEvent }) => [grantEvent.kind, grantEvent.vins]),
      [['vehicles.disconnected', ['VIN1']]],
    );
  });
};

const dropping = (onStore: OnStore): void => {
  onStore(
    'Old grant events are dropped with their deliveries, but not while a delivery waits.',
    async (store) => {
      await fill(store);
      await store.createWebhook(sampleWebhook());
      await store.revoke(42n, { nowMs: AT * 1000, cause: 'operator' });
      await store.reinstate(42n, { nowMs: (AT + 1) * 1000 });
      await store.revoke(42n, { nowMs: (AT + 2) * 1000, cause: 'operator' });
      const beforeMs = (AT + 2) * 1000;
      // The creation and the reinstatement, which no webhook wants.
      assert.equal(await store.dropGrantEvents({ beforeMs, limit: 10 }), 2);
      const claim = { nowMs: NOW_MS, leaseMs: 1, limit: 1, limitPerWebhook: 1, inHand: new Map() };
      const [one = assert.fail()] = await store.claimDeliveries(claim);
      const held = { webhookId: 'webhook-a', sequence: one.grantEvent.sequence, attempts: 1 };
      await store.settleDelivery(held, { kind: 'delivered', nowMs: NOW_MS, status: 200 });
      assert.equal(await store.dropGrantEvents({ beforeMs, limit: 10 }), 1);
      assert.equal(await store.dropGrantEvents({ beforeMs, limit: 10 }), 0);
      const left = await store.listGrantEvents({ after: 0, limit: 10 });
      assert.deepEqual(
        left.map(({ atMs }) => atMs),
        [beforeMs],
      );
      const deliveries = await store.listDeliveries({ states: ['delivered', 'pending'], limit: 10 });
      assert.equal(deliveries.length, 1);
      assert.equal(await store.dropGrantEvents({ beforeMs: beforeMs + 1, limit: 0 }), 0);
    },
  );

  onStore('The number of a grant event is never used again.', async (store) => {
    await fill(store);
    await store.revoke(42n, { nowMs: AT * 1000, cause: 'operator' });
    const [, dropped = assert.fail()] = await store.listGrantEvents({ after: 0, limit: 2 });
    assert.equal(await store.dropGrantEvents({ beforeMs: NOW_MS, limit: 10 }), 2);
    await store.reinstate(42n, { nowMs: AT * 1000 });
    const [grantEvent = assert.fail()] = await store.listGrantEvents({ after: 0, limit: 1 });
    assert.ok(grantEvent.sequence > dropped.sequence);
  });
};

import assert from 'node:assert/strict';
import type { Store } from '@keyfob/server/stores';
import { DELIVERY_STATES, WEBHOOKS_MAX } from '@keyfob/server/webhooks';
import type { Claim, ClaimedDelivery, Delivery, Webhook } from '@keyfob/server/webhooks';
import { CREATED_AT_MS, fill, NOW_MS, sampleClient, sampleGrant } from '../../support/samples.ts';
import type { OnStore, OnTwo } from '../register.ts';

const AT_MS = CREATED_AT_MS + 100_000;
const LEASE_MS = 60_000;

export const sampleWebhook = (more: Partial<Webhook> = {}): Webhook => ({
  id: 'webhook-a',
  url: 'https://example.com/hook',
  format: 'standard',
  clientId: undefined,
  kinds: ['grant.revoked'],
  keyNumber: 1,
  createdAtMs: CREATED_AT_MS,
  disabledAtMs: undefined,
  ...more,
});

const claimOf = (more: Partial<Claim> = {}): Claim => ({
  nowMs: NOW_MS,
  leaseMs: LEASE_MS,
  limit: 100,
  limitPerWebhook: 100,
  inHand: new Map(),
  ...more,
});

const heldOf = ({ webhook, grantEvent, attempts }: ClaimedDelivery) => ({
  webhookId: webhook.id,
  sequence: grantEvent.sequence,
  attempts,
});

const listAll = async (store: Store, webhookId?: string): Promise<readonly Delivery[]> =>
  store.listDeliveries({ webhookId, states: DELIVERY_STATES, limit: 1000 });

const revoke = async (store: Store, id = 42n): Promise<unknown> =>
  store.revoke(id, { nowMs: AT_MS, cause: 'operator', requestId: 'request-1' });

/** The position of a delivery's event among the revocations, from 1. Sequence numbers increase, but may have gaps. */
const placesOf = async (store: Store): Promise<(delivery: Pick<Delivery, 'grantEvent'>) => number> => {
  const stored = await store.listGrantEvents({ after: 0, limit: 1000 });
  const grantEvents = stored.filter(({ kind }) => kind === 'grant.revoked');
  return ({ grantEvent }) => grantEvents.findIndex(({ id }) => id === grantEvent.id) + 1;
};

/** Creates and revokes `count` grants, one after the other. */
const revokeMany = async (store: Store, count: number): Promise<void> => {
  for (let id = 1n; id <= count; id++) {
    await store.createGrant(sampleGrant({ id }));
    await revoke(store, id);
  }
};

const FAILED = { kind: 'failed', status: 500, error: 'answered 500' } as const;

export const webhookContract = (onStore: OnStore): void => {
  keeping(onStore);
  claiming(onStore);
  receivingCreations(onStore);
  settling(onStore);
};

const keeping = (onStore: OnStore): void => {
  onStore('Webhooks are listed as they were created, in the order of creation.', async (store) => {
    assert.deepEqual(await store.listWebhooks(), []);
    const second = sampleWebhook({
      id: 'webhook-b',
      createdAtMs: CREATED_AT_MS + 1000,
      clientId: 'client-a',
    });
    const third = sampleWebhook({
      id: 'a',
      createdAtMs: CREATED_AT_MS + 2000,
      format: 'pleos',
      disabledAtMs: AT_MS,
    });
    for (const webhook of [third, sampleWebhook(), second])
      assert.equal(await store.createWebhook(webhook), 'created');
    assert.deepEqual(await store.listWebhooks(), [sampleWebhook(), second, third]);
    assert.equal(await store.createWebhook(sampleWebhook({ url: 'https://example.org' })), 'id_taken');
    assert.equal(await store.removeWebhook('webhook-b'), 'removed');
    assert.equal(await store.removeWebhook('webhook-b'), 'unknown');
    assert.deepEqual(await store.listWebhooks(), [sampleWebhook(), third]);
  });

  onStore('The number of webhooks is limited.', async (store) => {
    for (let count = 0; count < WEBHOOKS_MAX; count++)
      assert.equal(await store.createWebhook(sampleWebhook({ id: `webhook-${count}` })), 'created');
    assert.equal(await store.createWebhook(sampleWebhook()), 'too_many');
  });

  onStore('A grant event is queued for every enabled webhook that subscribes to its kind.', async (store) => {
    await fill(store);
    const wanting = [
      sampleWebhook({ id: 'all' }),
      sampleWebhook({ id: 'its client', clientId: 'client-a' }),
      sampleWebhook({ id: 'pleos', clientId: 'client-a', format: 'pleos' }),
    ];
    const others = [
      sampleWebhook({ id: 'other client', clientId: 'client-b' }),
      sampleWebhook({ id: 'other kind', kinds: ['grant.reinstated'] }),
      sampleWebhook({ id: 'disabled', disabledAtMs: CREATED_AT_MS }),
    ];
    for (const webhook of [...wanting, ...others]) await store.createWebhook(webhook);
    await revoke(store);
    const deliveries = await listAll(store);
    assert.deepEqual(
      deliveries.map(({ webhookId }) => webhookId),
      ['all', 'its client', 'pleos'],
    );
    const [, grantEvent] = await store.listGrantEvents({ after: 0, limit: 2 });
    for (const delivery of deliveries) {
      assert.deepEqual(delivery.grantEvent, grantEvent);
      assert.deepEqual([delivery.state, delivery.attempts, delivery.nextAtMs], ['pending', 0, AT_MS]);
    }
  });

  onStore(
    'A webhook gets no earlier grant events, and its deliveries are removed with it.',
    async (store) => {
      await fill(store);
      await revoke(store);
      await store.createWebhook(sampleWebhook());
      assert.deepEqual(await listAll(store), []);
      await store.reinstate(42n, { nowMs: AT_MS });
      await revoke(store);
      assert.equal((await listAll(store)).length, 1);
      await store.removeWebhook('webhook-a');
      assert.deepEqual(await listAll(store), []);
      assert.deepEqual(await store.claimDeliveries(claimOf()), []);
    },
  );
};

const claiming = (onStore: OnStore): void => {
  onStore('A delivery is claimed when it is due, once, until its lease ends.', async (store) => {
    await fill(store);
    await store.createWebhook(sampleWebhook());
    await revoke(store);
    assert.deepEqual(await store.claimDeliveries(claimOf({ nowMs: AT_MS - 1 })), []);
    const [first, ...more] = await store.claimDeliveries(claimOf());
    assert.deepEqual([first?.attempts, first?.webhook, more], [1, sampleWebhook(), []]);
    assert.deepEqual(await store.claimDeliveries(claimOf({ nowMs: NOW_MS + LEASE_MS - 1 })), []);
    const [second] = await store.claimDeliveries(claimOf({ nowMs: NOW_MS + LEASE_MS }));
    assert.equal(second?.attempts, 2);
    assert.equal(second?.grantEvent.id, first?.grantEvent.id);
  });

  onStore('A claim respects the limits per webhook and in total.', async (store) => {
    await fill(store);
    for (const id of ['one', 'two', 'three']) await store.createWebhook(sampleWebhook({ id }));
    await revokeMany(store, 6);
    const inHand = new Map([
      ['one', 4],
      ['two', 3],
    ]);
    const claimed = await store.claimDeliveries(claimOf({ limit: 3, limitPerWebhook: 4, inHand }));
    const place = await placesOf(store);
    const ids = claimed.map((one) => `${one.webhook.id} ${place(one)}`);
    assert.deepEqual(ids, ['three 1', 'three 2', 'three 3']);
    inHand.set('three', 3);
    const rest = await store.claimDeliveries(claimOf({ limitPerWebhook: 4, inHand }));
    assert.deepEqual(rest.map(({ webhook }) => webhook.id).toSorted(), ['three', 'two']);
  });

  onStore('Every webhook gets its turn, even if many deliveries wait for another webhook.', async (store) => {
    await fill(store);
    await store.createWebhook(sampleWebhook({ id: 'busy' }));
    await revokeMany(store, 5);
    await store.createWebhook(sampleWebhook({ id: 'new' }));
    await store.createGrant(sampleGrant({ id: 9n }));
    await revoke(store, 9n);
    const claimed = await store.claimDeliveries(claimOf({ limit: 2 }));
    assert.deepEqual(claimed.map(({ webhook }) => webhook.id).toSorted(), ['busy', 'new']);
  });

  onStore('No delivery is claimed for a disabled webhook.', async (store) => {
    await fill(store);
    await store.createWebhook(sampleWebhook());
    await revokeMany(store, 3);
    const [one = assert.fail()] = await store.claimDeliveries(claimOf({ limit: 1 }));
    const gone = { kind: 'gone', nowMs: NOW_MS, status: 410 } as const;
    assert.equal(await store.settleDelivery(heldOf(one), gone), 'settled');
    assert.deepEqual(await store.listWebhooks(), [sampleWebhook({ disabledAtMs: NOW_MS })]);
    assert.deepEqual(await store.claimDeliveries(claimOf({ nowMs: NOW_MS + 10 * LEASE_MS })), []);
    const ended = (await listAll(store)).map(({ state, lastStatus }) => [state, lastStatus]);
    assert.deepEqual(ended, [
      ['given_up', undefined],
      ['given_up', undefined],
      ['given_up', 410],
    ]);
    await store.createGrant(sampleGrant({ id: 9n }));
    await revoke(store, 9n);
    assert.equal((await listAll(store)).length, 3);
  });
};

const receivingCreations = (onStore: OnStore): void => {
  onStore('A webhook gets an event for each created and imported grant.', async (store) => {
    await store.createClient(sampleClient());
    await store.createWebhook(sampleWebhook({ kinds: ['grant.created'] }));
    await store.createGrant(sampleGrant({ id: 1n }));
    const batch = [2, 3].map((number) => ({
      grant: sampleGrant({ id: BigInt(number) }),
      digest: new Uint8Array(32).fill(number),
      expiresAtMs: CREATED_AT_MS + 10 ** 9,
      vehicles: [],
    }));
    await store.importGrants(batch, { nowMs: NOW_MS });
    const deliveries = await store.listDeliveries({ states: ['pending'], limit: 10 });
    assert.deepEqual(
      deliveries.map(({ grantEvent }) => [grantEvent.kind, grantEvent.grantId]),
      [3n, 2n, 1n].map((id) => ['grant.created', id]),
    );
  });
};

const settling = (onStore: OnStore): void => {
  onStore('A delivered message is not sent again.', async (store) => {
    await fill(store);
    await store.createWebhook(sampleWebhook());
    await revoke(store);
    const [claimed = assert.fail()] = await store.claimDeliveries(claimOf());
    const delivered = { kind: 'delivered', nowMs: NOW_MS + 5, status: 204 } as const;
    assert.equal(await store.settleDelivery(heldOf(claimed), delivered), 'settled');
    assert.equal(await store.settleDelivery(heldOf(claimed), delivered), 'lost');
    const failed = { ...FAILED, nextAtMs: NOW_MS };
    assert.equal(await store.settleDelivery(heldOf(claimed), failed), 'lost');
    const [delivery = assert.fail()] = await listAll(store, 'webhook-a');
    assert.deepEqual(
      [delivery.state, delivery.deliveredAtMs, delivery.nextAtMs, delivery.lastStatus],
      ['delivered', NOW_MS + 5, undefined, 204],
    );
    assert.deepEqual(await store.claimDeliveries(claimOf({ nowMs: NOW_MS + 10 * LEASE_MS })), []);
  });

  onStore('A failed delivery is due again at its next attempt, or given up.', async (store) => {
    await fill(store);
    await store.createWebhook(sampleWebhook());
    await revoke(store);
    const [first = assert.fail()] = await store.claimDeliveries(claimOf());
    await store.settleDelivery(heldOf(first), { ...FAILED, nextAtMs: NOW_MS + 5000 });
    const [waiting] = await listAll(store);
    assert.deepEqual([waiting?.state, waiting?.lastError], ['retrying', 'answered 500']);
    assert.deepEqual(await store.claimDeliveries(claimOf({ nowMs: NOW_MS + 4999 })), []);
    const [second = assert.fail()] = await store.claimDeliveries(claimOf({ nowMs: NOW_MS + 5000 }));
    const refused = { kind: 'failed', status: undefined, error: 'ECONNREFUSED' } as const;
    await store.settleDelivery(heldOf(second), { ...refused, nextAtMs: undefined });
    const [over] = await listAll(store);
    assert.deepEqual(
      [over?.state, over?.attempts, over?.lastStatus, over?.lastError],
      ['given_up', 2, undefined, 'ECONNREFUSED'],
    );
    const states = ['retrying', 'pending', 'delivered'] as const;
    assert.deepEqual(await store.listDeliveries({ states, limit: 10 }), []);
  });

  onStore(
    'Deliveries count as waiting until they are delivered or given up, also during an attempt.',
    async (store) => {
      await fill(store);
      assert.equal(await store.countDeliveriesWaiting(), 0);
      await store.createWebhook(sampleWebhook());
      await revokeMany(store, 4);
      assert.equal(await store.countDeliveriesWaiting(), 4);
      const [delivered = assert.fail(), retried = assert.fail(), given = assert.fail()] =
        await store.claimDeliveries(claimOf());
      assert.equal(await store.countDeliveriesWaiting(), 4);
      await store.settleDelivery(heldOf(delivered), { kind: 'delivered', nowMs: NOW_MS, status: 204 });
      await store.settleDelivery(heldOf(retried), { ...FAILED, nextAtMs: NOW_MS + 5000 });
      await store.settleDelivery(heldOf(given), { ...FAILED, nextAtMs: undefined });
      assert.equal(await store.countDeliveriesWaiting(), 2);
    },
  );

  onStore('A sender that lost its lease changes nothing, unless it delivered.', async (store) => {
    await fill(store);
    await store.createWebhook(sampleWebhook());
    await revoke(store);
    const [first = assert.fail()] = await store.claimDeliveries(claimOf());
    const nowMs = NOW_MS + LEASE_MS;
    const [second = assert.fail()] = await store.claimDeliveries(claimOf({ nowMs }));
    assert.equal(await store.settleDelivery(heldOf(first), { ...FAILED, nextAtMs: 1 }), 'lost');
    assert.equal((await listAll(store))[0]?.nextAtMs, nowMs + LEASE_MS);
    const delivered = { kind: 'delivered', nowMs, status: 200 } as const;
    assert.equal(await store.settleDelivery(heldOf(first), delivered), 'settled');
    assert.equal(await store.settleDelivery(heldOf(second), { ...FAILED, nextAtMs: 1 }), 'lost');
    assert.equal((await listAll(store))[0]?.state, 'delivered');
  });

  onStore('An operator can make every undelivered message due immediately.', async (store) => {
    await fill(store);
    await store.createWebhook(sampleWebhook());
    await revokeMany(store, 3);
    const claimed = await store.claimDeliveries(claimOf());
    const [one = assert.fail(), two = assert.fail()] = claimed;
    await store.settleDelivery(heldOf(one), { kind: 'delivered', nowMs: NOW_MS, status: 200 });
    await store.settleDelivery(heldOf(two), { ...FAILED, nextAtMs: undefined });
    assert.equal(await store.retryDeliveries('webhook-b', NOW_MS), 0);
    assert.equal(await store.retryDeliveries('webhook-a', NOW_MS), 2);
    const again = await store.claimDeliveries(claimOf());
    assert.deepEqual(
      again.map(({ grantEvent, attempts }) => [grantEvent.sequence, attempts]),
      claimed.slice(1).map(({ grantEvent }) => [grantEvent.sequence, 2]),
    );
  });

  onStore('Deliveries are listed newest grant event first, of one webhook or of all.', async (store) => {
    await store.createClient(sampleClient());
    for (const id of ['a', 'b']) await store.createWebhook(sampleWebhook({ id }));
    await revokeMany(store, 3);
    const place = await placesOf(store);
    const listed = (await listAll(store)).map((one) => `${one.webhookId}${place(one)}`);
    assert.deepEqual(listed, ['a3', 'b3', 'a2', 'b2', 'a1', 'b1']);
    const page = await store.listDeliveries({ webhookId: 'b', states: ['pending'], limit: 2 });
    assert.deepEqual(page.map(place), [3, 2]);
  });
};

/** Concurrent calls of two processes. */
export const webhookConnectionContract = (onTwo: OnTwo): void => {
  onTwo('Two senders that claim at the same time never get the same delivery.', async (one, other) => {
    await fill(one);
    await one.createWebhook(sampleWebhook());
    await revokeMany(one, 20);
    const claims = await Promise.all(
      [one, other, one, other].map((store) => store.claimDeliveries(claimOf({ limit: 8 }))),
    );
    const sequences = claims.flat().map(({ grantEvent }) => grantEvent.sequence);
    assert.equal(sequences.length, 20);
    assert.equal(new Set(sequences).size, 20);
  });
};

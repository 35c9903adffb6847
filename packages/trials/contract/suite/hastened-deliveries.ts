import assert from 'node:assert/strict';
import { CREATED_AT_MS, fill } from '../../support/samples.ts';
import type { OnStore } from '../register.ts';
import { sampleWebhook } from './webhooks.ts';

/** hastenDeliveries: after the clock was set back. */
export const hastenContract = (onStore: OnStore): void => {
  onStore('A delivery that waits for longer than it can is due at once, and no other is.', async (store) => {
    await fill(store);
    await store.createWebhook(sampleWebhook());
    await store.revoke(42n, { nowMs: CREATED_AT_MS, cause: 'operator' });
    const waits = { longestWaitsMs: [0, 1000, 2000] };
    const dueAt = async (nowMs: number): Promise<number> =>
      (
        await store.claimDeliveries({
          nowMs,
          leaseMs: 1000,
          limit: 100,
          limitPerWebhook: 100,
          inHand: new Map(),
        })
      ).length;
    // The clock is behind the grant events.
    const beforeMs = CREATED_AT_MS - 3_600_000;
    const all = await store.countDeliveriesWaiting();
    assert.ok(all > 0);
    assert.equal(await dueAt(beforeMs), 0);
    await store.hastenDeliveries({ ...waits, nowMs: beforeMs });
    assert.equal(await dueAt(beforeMs), all);
    await store.hastenDeliveries({ ...waits, nowMs: beforeMs });
    assert.equal(await dueAt(beforeMs), 0);
    await store.hastenDeliveries({ ...waits, nowMs: beforeMs - 1 });
    assert.equal(await dueAt(beforeMs - 1), all);
    await store.hastenDeliveries({ longestWaitsMs: [0, 1], nowMs: beforeMs - 1 });
    assert.equal(await dueAt(beforeMs - 1), all, 'the last wait stands for more attempts');
  });
};

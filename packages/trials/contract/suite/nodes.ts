import assert from 'node:assert/strict';
import { NODE_KEPT_MS, NODES_MAX } from '@keyfob/server/stores';
import type { RunningNode, TroubleCount } from '@keyfob/server/stores';
import { NOW_MS } from '../../support/samples.ts';
import type { OnStore, OnTwo } from '../register.ts';

const node = (seed: number, more: Partial<RunningNode> = {}): RunningNode => ({
  id: `node-${String(seed).padStart(4, '0')}`,
  version: '0.1.0',
  host: 'fob-1',
  processId: 1000 + seed,
  url: `http://127.0.0.1:${8000 + seed}`,
  startedAtMs: NOW_MS + seed,
  seenAtMs: NOW_MS + seed,
  skewMs: -3,
  ...more,
});

const HOUR = 500_000;

const trouble = (more: Partial<TroubleCount> = {}): TroubleCount => ({
  hour: HOUR,
  event: 'refresh.refused',
  reason: 'token_expired',
  clientId: 'client-a',
  count: 1,
  lastAtMs: NOW_MS,
  ...more,
});

const SPAN = {
  events: ['refresh.refused', 'client.refused'],
  fromHour: HOUR - 3,
  hoursPerPart: 2,
  partsCount: 2,
  limit: 10,
};

/** The processes that serve a store, and what they refuse. */
export const nodeContract = (onStore: OnStore): void => {
  onStore('A node is listed as it last noted itself, until it is removed.', async (store) => {
    await store.noteNode(node(2));
    await store.noteNode(node(1));
    await store.noteNode(node(2, { seenAtMs: NOW_MS + 9, skewMs: 40, url: '' }));
    const noted = node(2, { seenAtMs: NOW_MS + 9, skewMs: 40, url: '' });
    assert.deepEqual(await store.listNodes(), [node(1), noted]);
    await store.removeNode(node(1).id);
    await store.removeNode('unknown');
    assert.deepEqual(await store.listNodes(), [noted]);
  });

  onStore('A node that was not seen for a day is dropped by the next one.', async (store) => {
    await store.noteNode(node(1));
    await store.noteNode(node(2));
    await store.noteNode(node(3, { seenAtMs: NOW_MS + 2 + NODE_KEPT_MS }));
    assert.deepEqual(
      (await store.listNodes()).map(({ id }) => id),
      [node(2).id, node(3).id],
    );
  });

  onStore('Starts that never end well leave a bounded number of nodes.', async (store) => {
    for (let seed = 0; seed <= NODES_MAX; seed++) await store.noteNode(node(seed));
    const listed = await store.listNodes();
    assert.equal(listed.length, NODES_MAX);
    assert.equal(listed[0]?.id, node(1).id);
  });
};

/** Refusals and replays, counted by several nodes. */
export const troubleContract = (onTwo: OnTwo): void => {
  onTwo('Counts of several nodes add up, by cause, client and part of the span.', async (one, other) => {
    await one.addTroubles([
      trouble({ count: 2 }),
      trouble({ hour: HOUR - 1, count: 3, lastAtMs: NOW_MS - 9 }),
    ]);
    await other.addTroubles([trouble({ lastAtMs: NOW_MS - 5 }), trouble({ hour: HOUR - 3, clientId: '' })]);
    await other.addTroubles([trouble({ hour: HOUR - 4 }), trouble({ hour: HOUR + 1 })]);
    await one.addTroubles([trouble({ event: 'refresh.replayed', reason: 'theft' })]);
    assert.deepEqual(await other.listTroubles(SPAN), [
      {
        event: 'refresh.refused',
        reason: 'token_expired',
        clientId: 'client-a',
        count: 6,
        lastAtMs: NOW_MS,
        parts: [0, 6],
      },
      {
        event: 'refresh.refused',
        reason: 'token_expired',
        clientId: '',
        count: 1,
        lastAtMs: NOW_MS,
        parts: [1, 0],
      },
    ]);
    assert.equal((await one.listTroubles({ ...SPAN, limit: 1 })).length, 1);
    const [known, ...others] = await one.listTroubles({ ...SPAN, clientId: 'client-a' });
    assert.deepEqual([known?.clientId, others], ['client-a', []]);
  });

  onTwo('Old counts are removed, a few at a time.', async (one, other) => {
    for (const hour of [HOUR - 2, HOUR - 1, HOUR]) await one.addTroubles([trouble({ hour })]);
    assert.equal(await other.dropTroubles({ beforeHour: HOUR, limit: 1 }), 1);
    assert.deepEqual((await one.listTroubles(SPAN))[0]?.parts, [0, 2]);
    assert.equal(await other.dropTroubles({ beforeHour: HOUR, limit: 9 }), 1);
    assert.equal(await other.dropTroubles({ beforeHour: HOUR, limit: 9 }), 0);
    assert.equal((await one.listTroubles(SPAN))[0]?.count, 1);
  });
};

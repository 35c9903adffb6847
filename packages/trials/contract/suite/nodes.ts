import assert from 'node:assert/strict';
import { NODE_KEPT_MS, NODES_MAX } from '@keyfob/server/stores';
import type { RunningNode, TroubleCount, TroubleSpan } from '@keyfob/server/stores';
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

/** The last hour of a day. */
const HOUR = 24 * 20_834 - 1;

const trouble = (more: Partial<TroubleCount> = {}): TroubleCount => ({
  hour: HOUR,
  event: 'refresh.refused',
  reason: 'token_expired',
  clientId: 'client-a',
  count: 1,
  lastAtMs: NOW_MS,
  ...more,
});

/** The last two hours, by hour. */
const SPAN: TroubleSpan = {
  events: ['refresh.refused', 'client.refused'],
  fromHour: HOUR - 1,
  hoursPerPart: 1,
  partsCount: 2,
  limit: 10,
};
/** The last two days, by day. */
const DAYS: TroubleSpan = { ...SPAN, fromHour: HOUR + 1 - 48, hoursPerPart: 24 };

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
  onTwo('Counts of several nodes add up, by cause, client and hour.', async (one, other) => {
    await one.addTroubles([
      trouble({ count: 2 }),
      trouble({ hour: HOUR - 1, count: 3, lastAtMs: NOW_MS - 9 }),
    ]);
    await other.addTroubles([trouble({ lastAtMs: NOW_MS - 5 }), trouble({ hour: HOUR - 1, clientId: '' })]);
    await other.addTroubles([trouble({ hour: HOUR - 2 }), trouble({ hour: HOUR + 1 })]);
    await one.addTroubles([trouble({ event: 'refresh.replayed', reason: 'theft' })]);
    const group = { event: 'refresh.refused', reason: 'token_expired', lastAtMs: NOW_MS };
    const [most, least] = [
      { ...group, clientId: 'client-a', count: 6, parts: [3, 3] },
      { ...group, clientId: '', count: 1, parts: [1, 0] },
    ];
    assert.deepEqual(await other.listTroubles(SPAN), [most, least]);
    assert.deepEqual(await one.listTroubles({ ...SPAN, limit: 1 }), [most]);
    assert.deepEqual(await one.listTroubles({ ...SPAN, clientId: '' }), [least]);
    assert.deepEqual(await one.listTroubles({ ...SPAN, events: ['code.refused'] }), []);
  });

  onTwo('Counts add up by day too, those of many hours in one addition among them.', async (one, other) => {
    const today = Array.from({ length: 24 }, (_, back) =>
      trouble({ hour: HOUR - back, lastAtMs: NOW_MS - back }),
    );
    await one.addTroubles([...today, trouble({ hour: HOUR - 24, count: 5, lastAtMs: NOW_MS - 99 })]);
    await other.addTroubles([trouble(), trouble({ hour: HOUR + 1 }), trouble({ hour: HOUR - 48 })]);
    const group = { event: 'refresh.refused', reason: 'token_expired', clientId: 'client-a' };
    assert.deepEqual(await other.listTroubles(DAYS), [
      { ...group, count: 30, lastAtMs: NOW_MS, parts: [5, 25] },
    ]);
  });

  onTwo('Old counts by hour are removed, a few at a time, and those by day stay.', async (one, other) => {
    for (const hour of [HOUR - 2, HOUR - 1, HOUR]) await one.addTroubles([trouble({ hour })]);
    const span = { ...SPAN, fromHour: HOUR - 2, partsCount: 3 };
    const partsOf = async (of: TroubleSpan) => (await one.listTroubles(of))[0]?.parts;
    const hours = { hoursPerPart: 1, beforeHour: HOUR } as const;
    assert.equal(await other.dropTroubles({ ...hours, limit: 1 }), 1);
    assert.deepEqual(await partsOf(span), [0, 1, 1]);
    assert.equal(await other.dropTroubles({ ...hours, limit: 9 }), 1);
    assert.equal(await other.dropTroubles({ ...hours, limit: 9 }), 0);
    assert.deepEqual(await partsOf(span), [0, 0, 1]);
    assert.deepEqual(await partsOf(DAYS), [0, 3]);
    assert.equal(await other.dropTroubles({ hoursPerPart: 24, beforeHour: HOUR - 23, limit: 9 }), 0);
    assert.equal(await other.dropTroubles({ hoursPerPart: 24, beforeHour: HOUR, limit: 9 }), 1);
    assert.deepEqual([await partsOf(DAYS), await partsOf(span)], [undefined, [0, 0, 1]]);
  });
};

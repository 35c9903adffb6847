import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Store, StoredEvent } from '@keyfob/keeper/stores';
import { newPut } from './rows.ts';
import type { OpenForContract } from './rows.ts';

const MOST = 1000;
const LEASE = 60_000;

const toCrm = ({ id }: StoredEvent) => [{ endpoint: 'crm', body: `body of ${id}` }];

/** To `crm`, and every second one to `even` as well. */
const toTwo = (event: StoredEvent) => [
  ...toCrm(event),
  ...(Number(event.id) % 2 === 0 ? [{ endpoint: 'even', body: '{}' }] : []),
];

/** Puts a car and announces so many events of it. */
const announce = async (store: Store, name: string, count: number): Promise<string> => {
  const { grant } = await store.put(newPut(name, `token of ${name}`));
  for (let index = 0; index < count; index++)
    await store.announce(grant.id, { kind: 'recovered' }, `${grant.id} ${index}`);
  return grant.id;
};

const delivered = { outcome: 'delivered', status: 204, error: undefined } as const;
const failed = { outcome: 'failed', status: 500, error: 'answered 500' } as const;

/** Events on their way to webhooks. */
export const describeDelivering = (name: string, open: OpenForContract): void => {
  describe(`${name}: events on their way to webhooks`, () => {
    it('each event becomes messages once, with its connections, also where a listener takes it', async (scope) => {
      const { store, again } = await open(scope);
      const grantId = await announce(store, 'car', 3);
      await store.ackEvents((await store.takeEvents(10, LEASE)).map(({ id }) => id));
      const seen: StoredEvent[] = [];
      const render = (event: StoredEvent) => {
        seen.push(event);
        return toCrm(event);
      };
      const other = await again();
      assert.deepEqual(await store.fanOut(2, MOST, render), { events: 2, dropped: [] });
      assert.deepEqual(await other.fanOut(9, MOST, render), { events: 1, dropped: [] });
      assert.deepEqual(await store.fanOut(9, MOST, render), { events: 0, dropped: [] });
      assert.deepEqual(
        seen.map((event) => [event.grantId, event.connections, event.event.kind]),
        [1, 2, 3].map(() => [grantId, ['car'], 'recovered']),
      );
    });

    it('processes that fan out at one moment make each message once', async (scope) => {
      const { store, again } = await open(scope);
      await announce(store, 'car', 20);
      const stores = [store, await again(), await again()];
      const results = await Promise.all(stores.map((one) => one.fanOut(50, MOST, toCrm)));
      assert.equal(
        results.reduce((sum, { events }) => sum + events, 0),
        20,
      );
      assert.equal((await store.endpointHealth())[0]?.waiting, 20);
    });

    it('of one grant only the oldest message is taken, of several grants several', async (scope) => {
      const { store, again } = await open(scope);
      await announce(store, 'one', 2);
      await announce(store, 'two', 1);
      await store.fanOut(9, MOST, toCrm);
      const first = await store.takeDeliveries('crm', 9, LEASE);
      assert.deepEqual(
        first.map(({ attempts }) => attempts),
        [1, 1],
      );
      assert.deepEqual(await (await again()).takeDeliveries('crm', 9, LEASE), []);
      assert.deepEqual(await store.takeDeliveries('other', 9, LEASE), []);
      for (const one of first) assert.equal(await store.settleDelivery(one, delivered), true);
      const second = await store.takeDeliveries('crm', 9, LEASE);
      assert.equal(second.length, 1);
      assert.ok(Number(second[0]?.eventId) > Number(first[0]?.eventId));
    });

    it('a failed message comes again, with its successors behind it; a lost lease settles nothing', async (scope) => {
      const { store } = await open(scope);
      await announce(store, 'car', 2);
      await store.fanOut(9, MOST, toCrm);
      const [one] = await store.takeDeliveries('crm', 9, -1);
      assert.ok(one);
      const [again] = await store.takeDeliveries('crm', 9, LEASE);
      assert.deepEqual([again?.eventId, again?.attempts, again?.body], [one.eventId, 2, one.body]);
      assert.equal(await store.settleDelivery(one, delivered), false);
      assert.ok(again);
      assert.equal(await store.settleDelivery(again, { ...failed, retryInMs: LEASE }), true);
      assert.deepEqual(await store.takeDeliveries('crm', 9, LEASE), []);
      const [health] = await store.endpointHealth();
      assert.deepEqual(
        [health?.endpoint, health?.waiting, health?.failing, health?.lastError],
        ['crm', 2, 1, 'answered 500'],
      );
    });

    it('a message that is given up makes room for the next one', async (scope) => {
      const { store } = await open(scope);
      await announce(store, 'car', 2);
      await store.fanOut(9, MOST, toCrm);
      const [one] = await store.takeDeliveries('crm', 9, LEASE);
      assert.ok(one);
      await store.settleDelivery(one, { ...failed, outcome: 'given_up' });
      const [two] = await store.takeDeliveries('crm', 9, LEASE);
      assert.notEqual(two?.eventId, one.eventId);
    });

    it('an endpoint on which too many messages wait gets no more', async (scope) => {
      const { store } = await open(scope);
      await announce(store, 'car', 5);
      const { events, dropped } = await store.fanOut(9, 3, toTwo);
      assert.deepEqual([events, dropped], [5, ['crm', 'crm']]);
      assert.equal((await store.endpointHealth()).find(({ endpoint }) => endpoint === 'crm')?.waiting, 3);
    });
  });
};

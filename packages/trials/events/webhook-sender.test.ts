import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { describe, test } from 'node:test';
import { StoreError } from '@keyfob/server/errors';
import { DELIVERY_STATES } from '@keyfob/server/webhooks';
import { createMemoryStore } from '../support/memory-store/store.ts';
import { replyInTurn, startReceiver, verify } from '../support/webhook-receiver.ts';
import { openSenderTrial } from './sender-trial.ts';
import type { SenderTrial } from './sender-trial.ts';

const DAY_MS = 86_400_000;

const listAll = async ({ store }: SenderTrial) =>
  store.listDeliveries({ states: DELIVERY_STATES, limit: 1000 });

const namesOf = ({ events }: SenderTrial): readonly string[] => events.map(({ event }) => event);

describe('The delivery to webhooks', () => {
  test('a grant event arrives signed and complete', async (t) => {
    const receiver = await startReceiver(t);
    const trial = await openSenderTrial(t);
    const { id, secret } = await trial.addWebhook(`${receiver.url}/hook?tenant=1`);
    await trial.makeGrantEvent();
    await trial.advance(0);
    const [arrived = assert.fail()] = receiver.arrived;
    const [, grantEvent = assert.fail()] = await trial.store.listGrantEvents({ after: 0, limit: 2 });
    assert.deepEqual(verify(secret, arrived), {
      type: 'grant.revoked',
      timestamp: new Date(grantEvent.atMs).toISOString(),
      data: {
        grantId: '0000000000000001',
        clientId: 'client-a',
        subject: 'owner-1',
        cause: 'operator',
        vins: [],
        requestId: 'request-1',
      },
    });
    assert.equal(arrived.headers['webhook-id'], grantEvent.id);
    assert.equal(arrived.headers['content-type'], 'application/json');
    assert.equal(arrived.path, '/hook?tenant=1');
    const [event] = trial.events;
    assert.ok(event?.event === 'webhook.delivered');
    assert.deepEqual([event.webhookId, event.status, event.requestId], [id, 204, 'request-1']);
    await trial.advance(DAY_MS);
    assert.equal(receiver.arrived.length, 1);
  });

  test('a message that gets 500 twice is delivered unchanged at the third attempt', async (t) => {
    const receiver = await startReceiver(t, replyInTurn(500, 500, 200));
    const trial = await openSenderTrial(t);
    const { secret } = await trial.addWebhook(receiver.url);
    await trial.makeGrantEvent();
    for (const [ms, count] of [
      [0, 1],
      [4999, 1],
      [1, 2],
      [14_999, 2],
      [1, 3],
      [DAY_MS, 3],
    ] as const) {
      await trial.advance(ms);
      assert.equal(receiver.arrived.length, count);
    }
    const bodies = receiver.arrived.map((arrived) => JSON.stringify(verify(secret, arrived)));
    const ids = receiver.arrived.map(({ headers }) => headers['webhook-id']);
    assert.deepEqual([new Set(bodies).size, new Set(ids).size], [1, 1]);
    assert.deepEqual(namesOf(trial), ['webhook.failed', 'webhook.failed', 'webhook.delivered']);
    const [delivery] = await listAll(trial);
    assert.deepEqual([delivery?.state, delivery?.attempts], ['delivered', 3]);
  });

  test('a delivery that fails for three days is given up', async (t) => {
    const receiver = await startReceiver(t, replyInTurn(503));
    const trial = await openSenderTrial(t);
    await trial.addWebhook(receiver.url);
    await trial.makeGrantEvent();
    const from = trial.nowMs;
    while ((await listAll(trial))[0]?.nextAtMs !== undefined) await trial.advance(60_000);
    assert.ok(trial.nowMs - from <= 3 * DAY_MS && trial.nowMs - from > 2.5 * DAY_MS);
    assert.equal(receiver.arrived.length, 20);
    assert.equal(namesOf(trial).at(-1), 'webhook.given_up');
    const [delivery] = await listAll(trial);
    assert.deepEqual([delivery?.state, delivery?.lastError], ['given_up', 'answered 503']);
  });

  for (const [days, keptMs, isKept] of [
    [30, 29 * DAY_MS, true],
    [30, 31 * DAY_MS, false],
    [2, 3 * DAY_MS, false],
    [0, 3_600_001, false],
  ] as const)
    test(`grant events are ${isKept ? 'kept' : 'removed'} after ${keptMs} ms where the setting is ${days} days`, async (t) => {
      const trial = await openSenderTrial(t, undefined, days);
      await trial.makeGrantEvent();
      await trial.advance(0);
      await trial.advance(keptMs);
      const events = await trial.store.listGrantEvents({ limit: 10 });
      assert.equal(events.length, isKept ? 2 : 0);
    });

  test('410 disables the webhook, and nothing more is sent', async (t) => {
    const receiver = await startReceiver(t, replyInTurn(410));
    const trial = await openSenderTrial(t);
    await trial.addWebhook(receiver.url);
    await trial.makeGrantEvent();
    await trial.advance(0);
    await trial.makeGrantEvent();
    await trial.advance(DAY_MS);
    assert.equal(receiver.arrived.length, 1);
    assert.deepEqual(namesOf(trial), ['webhook.disabled']);
    assert.notEqual((await trial.store.listWebhooks())[0]?.disabledAtMs, undefined);
  });

  test('a redirect is a failure and is not followed', async (t) => {
    const other = await startReceiver(t);
    const receiver = await startReceiver(t, (_arrived, response) => {
      response.writeHead(307, { Location: other.url }).end();
    });
    const trial = await openSenderTrial(t);
    await trial.addWebhook(receiver.url);
    await trial.makeGrantEvent();
    await trial.advance(0);
    assert.equal((await listAll(trial))[0]?.lastError, 'answered 307; redirects are not followed');
    assert.equal(other.arrived.length, 0);
  });

  test('an endless answer is cut off, and its status counts', async (t) => {
    const receiver = await startReceiver(t, (_arrived, response) => {
      const fill = (): void => {
        while (!response.destroyed && response.write('x'.repeat(65_536)));
      };
      response.writeHead(200).on('drain', fill);
      fill();
    });
    const trial = await openSenderTrial(t);
    await trial.addWebhook(receiver.url);
    await trial.makeGrantEvent();
    await trial.advance(0);
    assert.equal((await listAll(trial))[0]?.state, 'delivered');
  });

  test('an unreachable receiver is a failure with its reason', async (t) => {
    const trial = await openSenderTrial(t);
    await trial.addWebhook('http://127.0.0.1:6/');
    await trial.makeGrantEvent();
    await trial.advance(0);
    const [delivery] = await listAll(trial);
    assert.deepEqual(
      [delivery?.state, delivery?.lastStatus, delivery?.lastError],
      ['retrying', undefined, 'ECONNREFUSED'],
    );
  });

  test('a slow receiver does not delay others, and gets four messages at a time', async (t) => {
    const held: ServerResponse[] = [];
    const slow = await startReceiver(t, (_arrived, response) => void held.push(response));
    const quick = await startReceiver(t);
    const trial = await openSenderTrial(t);
    await trial.addWebhook(slow.url);
    await trial.addWebhook(quick.url);
    for (let count = 0; count < 20; count++) await trial.makeGrantEvent();
    trial.sender.wake();
    await Promise.all([slow.until(4), quick.until(20)]);
    await trial.makeGrantEvent();
    trial.sender.wake();
    await quick.until(21);
    assert.equal(slow.arrived.length, 4);
    while (slow.arrived.length < 21 || held.length > 0) {
      for (const response of held.splice(0)) response.writeHead(200).end();
      await slow.until(Math.min(21, slow.arrived.length + 1));
    }
    await trial.sender.settle();
    assert.equal(slow.atOnceMax(), 4);
    assert.ok(quick.atOnceMax() <= 4);
  });

  test('the end-of-sharing callback has the form of Pleos and is not signed', async (t) => {
    const receiver = await startReceiver(t);
    const trial = await openSenderTrial(t);
    await trial.addWebhook(receiver.url, { format: 'pleos', clientId: 'client-a', kinds: ['grant.revoked'] });
    await trial.makeGrantEvent();
    await trial.advance(0);
    const [arrived = assert.fail()] = receiver.arrived;
    assert.equal(arrived.body, '{"userIds":["owner-1"],"vins":[]}');
    assert.equal(arrived.headers['webhook-signature'], undefined);
  });

  test('a stopped sender releases its deliveries to the next sender at once', async (t) => {
    let isHolding = true;
    const receiver = await startReceiver(t, (_arrived, response) => {
      if (!isHolding) response.writeHead(200).end();
    });
    const trial = await openSenderTrial(t);
    await trial.addWebhook(receiver.url);
    await trial.makeGrantEvent();
    trial.sender.wake();
    await receiver.until(1);
    await trial.sender.stop(0);
    await trial.advance(0);
    assert.equal(receiver.arrived.length, 1);
    isHolding = false;
    const next = trial.another();
    next.wake();
    await next.settle();
    assert.equal(receiver.arrived.length, 2);
    const ids = receiver.arrived.map(({ headers }) => headers['webhook-id']);
    assert.equal(new Set(ids).size, 1);
    assert.equal((await listAll(trial))[0]?.state, 'delivered');
  });

  test('the deliveries of a dead sender go to the next sender when their lease expires', async (t) => {
    const receiver = await startReceiver(t, (_arrived, response, count) => {
      if (count > 1) response.writeHead(200).end();
    });
    const trial = await openSenderTrial(t);
    await trial.addWebhook(receiver.url);
    await trial.makeGrantEvent();
    trial.sender.wake();
    await receiver.until(1);
    const next = trial.another();
    for (const [ms, count] of [
      [59_999, 1],
      [1, 2],
    ] as const) {
      trial.nowMs += ms;
      next.wake();
      await next.settle();
      assert.equal(receiver.arrived.length, count);
    }
    assert.equal((await listAll(trial))[0]?.attempts, 2);
    await trial.sender.stop(0);
    assert.equal((await listAll(trial))[0]?.state, 'delivered');
  });

  test('a failing store is reported once, and deliveries continue when it works again', async (t) => {
    let isUnavailable = true;
    const store = createMemoryStore({
      run: async (verb, work) => {
        if (isUnavailable && verb === 'claimDeliveries')
          throw new StoreError('unavailable', 'the disk is full');
        return work();
      },
    });
    const receiver = await startReceiver(t);
    const trial = await openSenderTrial(t, store);
    await trial.addWebhook(receiver.url);
    await trial.makeGrantEvent();
    for (let turn = 0; turn < 3; turn++) await trial.advance(2000);
    assert.deepEqual(trial.events, [{ event: 'webhook.stalled', cause: 'the disk is full' }]);
    isUnavailable = false;
    await trial.advance(2000);
    assert.equal(receiver.arrived.length, 1);
  });

  for (const aheadMs of [3 * 3_600_000, 40 * DAY_MS])
    test(`a clock that runs ${aheadMs / 3_600_000} hours ahead for a while delays no delivery and gives none up`, async (t) => {
      const receiver = await startReceiver(t, replyInTurn(503, 503, 503, 200));
      const trial = await openSenderTrial(t);
      const { id } = await trial.addWebhook(receiver.url);
      await trial.makeGrantEvent();
      await trial.advance(0);
      // Nothing but the wall clock moves: forward, and back.
      trial.nowMs += aheadMs;
      await trial.advance(5000);
      trial.nowMs -= aheadMs;
      await trial.advance(15_000);
      await trial.advance(45_000);
      assert.equal(receiver.arrived.length, 4);
      assert.deepEqual(namesOf(trial).slice(-1), ['webhook.delivered'], id);
    });

  test('a sender that starts delivers what a clock scheduled that ran ahead', async (t) => {
    const receiver = await startReceiver(t, replyInTurn(503, 200));
    const trial = await openSenderTrial(t);
    await trial.addWebhook(receiver.url);
    trial.nowMs += 3 * 3_600_000;
    await trial.makeGrantEvent();
    await trial.advance(0);
    trial.nowMs -= 3 * 3_600_000;
    const next = trial.another();
    next.wake();
    await next.settle();
    assert.equal(receiver.arrived.length, 2);
  });

  test('grant events are stored for 30 days', async (t) => {
    const trial = await openSenderTrial(t);
    // Each call stores a creation and a revocation.
    for (let count = 0; count < 225; count++) await trial.makeGrantEvent();
    await trial.advance(30 * DAY_MS);
    assert.equal((await trial.store.listGrantEvents({ after: 0, limit: 1000 })).length, 450);
    await trial.advance(3_600_000);
    for (const left of [250, 50, 0]) {
      assert.equal((await trial.store.listGrantEvents({ after: 0, limit: 1000 })).length, left);
      await trial.advance(2000);
    }
  });
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { deliver, deliverWithin, describeAnswer, isAccepted } from '@keyfob/server/webhooks';
import { replyInTurn, startReceiver } from '../support/webhook-receiver.ts';

const messageTo = (url: string) => ({ url, headers: {}, body: '{}' });
const never = new AbortController().signal;

describe('One attempt of a delivery', () => {
  for (const [status, accepted] of [
    [200, true],
    [202, true],
    [204, true],
    [299, true],
    [300, false],
    [308, false],
    [404, false],
    [410, false],
    [500, false],
  ] as const) {
    test(`answered ${status}: ${accepted ? 'accepted' : 'refused'}`, async (t) => {
      const receiver = await startReceiver(t, replyInTurn(status));
      const answer = await deliver(messageTo(receiver.url), never);
      assert.equal(answer.status, status);
      assert.equal(isAccepted(answer), accepted);
    });
  }

  test('ends after its timeout, without an answer', async (t) => {
    const receiver = await startReceiver(t, () => {});
    const answer = await deliverWithin(20)(messageTo(receiver.url), never);
    assert.equal(isAccepted(answer), false);
    assert.equal(describeAnswer(answer), 'no answer in 0.02 s');
  });

  test('is aborted by its signal', async (t) => {
    const receiver = await startReceiver(t, () => {});
    const controller = new AbortController();
    const attempt = deliver(messageTo(receiver.url), controller.signal);
    await receiver.until(1);
    controller.abort();
    assert.equal(describeAnswer(await attempt), 'aborted because the server stopped');
  });

  test('reads at most 4 KiB of an answer', async (t) => {
    const receiver = await startReceiver(t, (_arrived, response) => void response.end('x'.repeat(100_000)));
    const answer = await deliver(messageTo(receiver.url), never);
    assert.ok(answer.status === 200 && answer.body.length === 4096);
  });
});

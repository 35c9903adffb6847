import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createDeliver, createEgress, describeAnswer, isAccepted } from '@keyfob/server/webhooks';
import { deliverLocally, localEgress, replyInTurn, startReceiver } from '../support/webhook-receiver.ts';

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
      const answer = await deliverLocally(messageTo(receiver.url), never);
      assert.equal(answer.status, status);
      assert.equal(isAccepted(answer), accepted);
    });
  }

  test('ends after its timeout, without an answer', async (t) => {
    const receiver = await startReceiver(t, () => {});
    const answer = await createDeliver(localEgress, 20)(messageTo(receiver.url), never);
    assert.equal(isAccepted(answer), false);
    assert.equal(describeAnswer(answer), 'no answer in 0.02 s');
  });

  test('is aborted by its signal', async (t) => {
    const receiver = await startReceiver(t, () => {});
    const controller = new AbortController();
    const attempt = deliverLocally(messageTo(receiver.url), controller.signal);
    await receiver.until(1);
    controller.abort();
    assert.equal(describeAnswer(await attempt), 'aborted because the server stopped');
  });

  test('reads at most 4 KiB of an answer', async (t) => {
    const receiver = await startReceiver(t, (_arrived, response) => void response.end('x'.repeat(100_000)));
    const answer = await deliverLocally(messageTo(receiver.url), never);
    assert.ok(answer.status === 200 && answer.body.length === 4096);
  });

  for (const location of ['https://example.com/', 'http://169.254.169.254/latest/meta-data'])
    test(`follows no redirect to ${location}`, async (t) => {
      const receiver = await startReceiver(
        t,
        (_arrived, response) => void response.writeHead(307, { Location: location }).end(),
      );
      const answer = await deliverLocally(messageTo(receiver.url), never);
      assert.equal(describeAnswer(answer), 'answered 307; redirects are not followed');
      assert.equal(receiver.arrived.length, 1);
    });
});

/** Resolves every name to the next of these lists; the last repeats. */
const resolvingTo = (...answers: readonly (readonly string[])[]) => {
  let count = 0;
  const lookup: NonNullable<NonNullable<Parameters<typeof createEgress>[1]>['lookup']> = (
    _name,
    _options,
    callback,
  ) => {
    const addresses = answers[Math.min(count++, answers.length - 1)] ?? [];
    callback(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    );
  };
  return lookup;
};

describe('A receiver inside the network of the operator', () => {
  const DENIED = 'the address is private; KEYFOB_EGRESS_ALLOWED_RANGES can allow its range';

  for (const host of ['127.0.0.1', '[::1]', '[::ffff:127.0.0.1]', '2130706433', '0x7f.1', '127.1'])
    test(`gets nothing by its address, ${host}`, async (t) => {
      const receiver = await startReceiver(t);
      const { port } = new URL(receiver.url);
      const answer = await createDeliver(createEgress(undefined))(
        messageTo(`http://${host}:${port}/`),
        never,
      );
      assert.equal(describeAnswer(answer), DENIED);
      assert.equal(receiver.arrived.length, 0);
    });

  for (const [what, addresses] of [
    ['an address', ['127.0.0.1']],
    ['a mapped address', ['::ffff:127.0.0.1']],
    ['several', ['127.0.0.1', '10.0.0.1', 'fe80::1']],
  ] as const)
    test(`gets nothing by a name that resolves to ${what}`, async (t) => {
      const receiver = await startReceiver(t);
      const { port } = new URL(receiver.url);
      const egress = createEgress(undefined, { lookup: resolvingTo(addresses) });
      const answer = await createDeliver(egress)(messageTo(`http://hook.example:${port}/`), never);
      assert.equal(describeAnswer(answer), DENIED);
      assert.equal(receiver.arrived.length, 0);
    });

  test('gets nothing by a name that was good at the last delivery (DNS rebinding)', async (t) => {
    const receiver = await startReceiver(t);
    const url = `http://hook.example:${new URL(receiver.url).port}/`;
    // The first answer stands for a public address, which the trial cannot connect to.
    const lookup = resolvingTo(['127.0.0.1'], ['127.0.0.2']);
    const deliver = createDeliver(createEgress('127.0.0.1', { lookup }));
    assert.equal(isAccepted(await deliver(messageTo(url), never)), true);
    assert.equal(describeAnswer(await deliver(messageTo(url), never)), DENIED);
    assert.equal(receiver.arrived.length, 1);
  });

  test('of several addresses of a name, only those that are allowed are connected to', async (t) => {
    const receiver = await startReceiver(t);
    const lookup = resolvingTo(['10.0.0.1', '127.0.0.1']);
    const deliver = createDeliver(createEgress('127.0.0.1', { lookup }));
    const url = `http://hook.example:${new URL(receiver.url).port}/`;
    assert.equal(isAccepted(await deliver(messageTo(url), never)), true);
  });
});

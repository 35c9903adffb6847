import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { armFault } from '@keyfob/sandbox';
import { serve } from '@keyfob/keeper/service';
import type { WebhookEndpoint } from '@keyfob/keeper/service';
import { changeGrantIn } from './change-grant-in.ts';
import { servedWorldFor } from './service-world.ts';
import { messageReceiverFor, secretOf } from './webhook-receiver.ts';

const ONE = secretOf(1);
const TWO = secretOf(2);
const tokenOf = (name: string): string => `/v1/tokens/${encodeURIComponent(name)}`;

describe('the service: webhooks', () => {
  it('says at risk, then that an owner must consent, in order, once, with a link', async (scope) => {
    const receiver = await messageReceiverFor(scope, ONE);
    const served = await servedWorldFor(
      scope,
      'pleos',
      {},
      {
        webhooks: [{ name: 'crm', url: receiver.url, secrets: [ONE] }],
        reconnectUrl: 'https://app.example/connect?car={name}',
      },
    );
    await served.putCar('car/1');
    armFault(served.world, { do: { loseAnswer: 'afterCommit' } });
    assert.equal((await served.ask('GET', `${tokenOf('car/1')}?wait=60`)).status, 409);
    await receiver.until(2);
    assert.deepEqual(
      receiver.messages.map(({ type }) => type),
      ['at_risk', 'needs_consent'],
    );
    const [risk, dead] = receiver.messages;
    assert.ok(Number.isFinite(Date.parse(String(risk?.data['deadline']))));
    assert.deepEqual(
      [dead?.data['cause'], dead?.data['connections']],
      ['lost_response', [{ name: 'car/1', reconnect: 'https://app.example/connect?car=car%2F1' }]],
    );
    assert.notEqual(risk?.id, dead?.id);
    assert.ok(served.serviceLog.some(({ event }) => event === 'webhook.delivered'));
  });

  it('a message that is refused comes again with the same id, and what follows it waits', async (scope) => {
    const receiver = await messageReceiverFor(scope, ONE, (_, count) => (count === 1 ? 500 : 204));
    const served = await servedWorldFor(
      scope,
      'pleos',
      { chance: () => 0 },
      {
        webhooks: [{ name: 'crm', url: receiver.url, secrets: [ONE] }],
      },
    );
    await served.putCar('car');
    armFault(served.world, { do: { loseAnswer: 'beforeCommit' } });
    assert.equal((await served.ask('GET', `${tokenOf('car')}?wait=60`)).status, 200);
    await receiver.until(3);
    const [first, second, third] = receiver.messages;
    assert.deepEqual([first?.type, second?.type, third?.type], ['at_risk', 'at_risk', 'recovered']);
    assert.equal(first?.id, second?.id);
    assert.equal(first?.body, second?.body);
  });

  it('during a change of secrets both verify, and only the wanted kinds are sent', async (scope) => {
    const [old, next, other] = [
      await messageReceiverFor(scope, ONE),
      await messageReceiverFor(scope, TWO),
      await messageReceiverFor(scope, ONE),
    ];
    const secrets = [TWO, ONE];
    const served = await servedWorldFor(
      scope,
      'smartcar',
      {},
      {
        webhooks: [
          { name: 'old', url: old.url, secrets },
          { name: 'next', url: next.url, secrets },
          { name: 'other', url: other.url, secrets: [ONE], kinds: ['expiring'] },
        ],
      },
    );
    await served.putCar('car');
    await changeGrantIn(served, 'revoke');
    await served.ask('GET', tokenOf('car'));
    await Promise.all([old.until(1), next.until(1)]);
    assert.equal(old.messages[0]?.headers['webhook-signature']?.split(' ').length, 2);
    assert.equal(other.messages.length, 0);
  });

  it('a private address is never connected to, nor a name that leads there, unless its range is allowed', async (scope) => {
    const receiver = await messageReceiverFor(scope, ONE);
    const { port } = new URL(receiver.url);
    const names = ['[::ffff:127.0.0.1]', '10.0.0.1', '169.254.169.254'];
    const served = await servedWorldFor(
      scope,
      'smartcar',
      {},
      {
        webhooks: names.map((host, index) => ({
          name: `private-${index}`,
          url: `https://${host}:${port}/`,
          secrets: [ONE],
        })),
      },
    );
    await served.putCar('car');
    await changeGrantIn(served, 'revoke');
    await served.ask('GET', tokenOf('car'));
    const failures = (): readonly (string | undefined)[] =>
      served.serviceLog.flatMap((one) => (one.event === 'webhook.failed' ? [one.reason] : []));
    while (failures().length < names.length) await new Promise((resolve) => void setTimeout(resolve, 20));
    for (const reason of failures()) assert.match(reason ?? '', /address is private/);
    assert.equal(receiver.messages.length, 0);
  });

  it('refuses what would send events in clear, without a secret, or to nobody', async (scope) => {
    const { openAnother } = await servedWorldFor(scope, 'smartcar');
    const keeper = await openAnother();
    const good = { name: 'crm', url: 'https://crm.example/hook', secrets: [ONE] };
    const wrong: readonly Partial<WebhookEndpoint>[] = [
      { url: 'http://crm.example/hook' },
      { url: 'ftp://crm.example' },
      { url: 'https://user:secret@crm.example/' },
      { url: 'nothing' },
      { secrets: [] },
      { secrets: ['whsec_AAAA'] },
      { secrets: [ONE.slice('whsec_'.length)] },
      { name: 'a b' },
      { kinds: [] },
      { kinds: ['all' as 'recovered'] },
    ];
    for (const one of wrong)
      await assert.rejects(serve(keeper, { port: 0, webhooks: [{ ...good, ...one }] }), (error: Error) => {
        assert.equal((error as Error & { code: string }).code, 'webhook_invalid');
        assert.ok(!error.message.includes(ONE.slice(6)) && !error.message.includes('user:secret'));
        return true;
      });
    await assert.rejects(serve(keeper, { port: 0, webhooks: [good, good] }), { code: 'webhook_invalid' });
  });
});

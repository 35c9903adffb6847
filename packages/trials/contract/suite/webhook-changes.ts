import assert from 'node:assert/strict';
import { WEBHOOKS_OF_CLIENT_MAX } from '@keyfob/server/webhooks';
import { CREATED_AT_MS } from '../../support/samples.ts';
import type { OnStore } from '../register.ts';
import { sampleWebhook } from './webhooks.ts';

const AT_MS = CREATED_AT_MS + 100_000;

/** Changes of webhooks, and how many a client has. */
export const webhookChangeContract = (onStore: OnStore): void => {
  onStore('The number of webhooks of one client is limited too.', async (store) => {
    const of = (clientId: string, count: number) =>
      store.createWebhook(sampleWebhook({ id: `${clientId}-${count}`, clientId }));
    for (let count = 0; count < WEBHOOKS_OF_CLIENT_MAX; count++)
      assert.equal(await of('client-a', count), 'created');
    assert.equal(await of('client-a', WEBHOOKS_OF_CLIENT_MAX), 'too_many');
    assert.equal(await of('client-b', 0), 'created');
  });

  onStore('A webhook changes as asked, and what is absent stays.', async (store) => {
    const webhook = sampleWebhook({ clientId: 'client-a', disabledAtMs: AT_MS });
    await store.createWebhook(webhook);
    await store.createWebhook(sampleWebhook({ id: 'webhook-b' }));
    const read = async () => (await store.listWebhooks()).find(({ id }) => id === webhook.id);
    assert.equal(await store.changeWebhook(webhook.id, { url: 'https://example.com/new' }), 'changed');
    assert.deepEqual(await read(), { ...webhook, url: 'https://example.com/new' });
    await store.changeWebhook(webhook.id, { kinds: ['grant.created'], isEnabled: true });
    const changed = { ...webhook, url: 'https://example.com/new', kinds: ['grant.created'] };
    assert.deepEqual(await read(), { ...changed, disabledAtMs: undefined });
    assert.equal(await store.changeWebhook('webhook-c', { isEnabled: true }), 'unknown');
    assert.equal(await store.changeWebhook('webhook\0', { isEnabled: true }), 'unknown');
    assert.deepEqual((await store.listWebhooks()).at(-1), sampleWebhook({ id: 'webhook-b' }));
  });
};

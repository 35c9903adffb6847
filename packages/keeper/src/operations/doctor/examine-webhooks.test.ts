import assert from 'node:assert/strict';
import { it } from 'node:test';
import { memoryStore } from '../../stores/sqlite/open.ts';
import { systemClock } from '../../time.ts';
import { examineWebhooks } from './examine-webhooks.ts';

it('doctor warns of a webhook that does not accept its messages, and says why', async () => {
  const store = await memoryStore()(systemClock);
  assert.deepEqual(await examineWebhooks(store), []);
  await store.announce('grant', { kind: 'recovered' }, 'once');
  await store.fanOut(10, 10, () => [{ endpoint: 'crm', body: '{}' }]);
  const verdicts = async () => (await examineWebhooks(store)).map(({ verdict }) => verdict);
  assert.deepEqual(await verdicts(), ['ok']);
  const [delivery] = await store.takeDeliveries('crm', 1, 60_000);
  assert.ok(delivery);
  const end = { outcome: 'failed', status: 500, error: 'answered 500', retryInMs: 60_000 } as const;
  await store.settleDelivery(delivery, end);
  assert.deepEqual(await verdicts(), ['warn']);
  assert.match((await examineWebhooks(store))[0]?.finding ?? '', /1 of 1 .*answered 500/);
  await store.close();
});

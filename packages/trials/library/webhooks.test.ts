import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addWebhook, createAuthorizationServer, revokeGrant } from '@keyfob/server';
import { openSqliteStore } from '@keyfob/server/stores';
import { createKeyLines } from '@keyfob/server/tokens';
import { makeClient, makeGrant } from '../support/make-client.ts';
import { LOOPBACK } from '../support/keyfob-process.ts';
import { startReceiver } from '../support/webhook-receiver.ts';

const NOW_MS = 1_750_000_000_000;

test('a server delivers webhooks from a store that the caller passes in, and retries by its own clock', async (t) => {
  const receiver = await startReceiver(t, (_arrived, response, count) => {
    response.writeHead(count === 1 ? 500 : 204).end();
  });
  let nowMs = NOW_MS;
  const failures: string[] = [];
  const store = openSqliteStore(':memory:');
  const server = await createAuthorizationServer(
    {
      publicUrl: 'https://auth.example',
      key: createKeyLines(1, 1_700_000_000),
      egressAllowedRanges: LOOPBACK,
    },
    { store, clock: () => nowMs, emit: ({ event }) => failures.push(event) },
  );
  t.after(async () => {
    await server.close();
    await store.close();
  });
  const { deployment } = server;
  const { client } = await makeClient(deployment, { dialect: 'smartcar', name: '' });
  const wanted = { clientId: client.id, subject: 'owner-1', scope: '', brand: undefined };
  const { grant } = await makeGrant(deployment, wanted);
  const webhook = { url: receiver.url, format: 'standard', clientId: undefined, kinds: undefined } as const;
  assert.equal((await addWebhook(deployment, { ...webhook, isHttpAllowed: true })).outcome, 'added');
  await revokeGrant(deployment, grant, { cause: 'operator', requestId: undefined });
  server.deliverWebhooks();
  await receiver.until(1);
  while (!failures.includes('webhook.failed')) await new Promise(setImmediate);
  nowMs += 86_400_000;
  server.deliverWebhooks();
  await receiver.until(2);
});

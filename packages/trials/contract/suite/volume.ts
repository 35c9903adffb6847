import assert from 'node:assert/strict';
import type { Caller } from '@keyfob/server';
import {
  CREATED_AT_MS,
  fill,
  listAll,
  NOW_MS,
  refreshed,
  sampleClient,
  sampleGrant,
  sampleSecret,
} from '../../support/samples.ts';
import { sampleUse } from '../../support/samples.ts';
import type { OnStore } from '../register.ts';

/** Plane 1, combining marks, right to left, a line separator, SQL and LIKE characters, a trailing space. */
const UNUSUAL_TEXT = '🚗 e\u0301 \u05d0\u05d1\u2028 \' " % _ \\ ; -- \u{10ffff} ';
const LONG_TEXT = `${UNUSUAL_TEXT}${'long '.repeat(20_000)}`;
const CLIENTS = 900;

const CALLERS: readonly Caller[] = [
  { address: '', userAgent: '' },
  { address: '192.0.2.1', userAgent: UNUSUAL_TEXT },
  { address: '192.0.2.1', userAgent: UNUSUAL_TEXT.trim() },
  { address: '2001:db8:ffff:ffff:ffff:ffff:ffff:ffff', userAgent: 'x'.repeat(8192) },
];

/** How many grants are created at the same time. */
const AT_ONCE = 20;

/** Many records, long texts and unusual values. */
export const volumeContract = (onStore: OnStore): void => {
  onStore(`${CLIENTS} clients are stored separately.`, async (store) => {
    const clients = Array.from({ length: CLIENTS }, (_, index) =>
      sampleClient({
        id: `client-${index}`,
        name: `Client ${index}`,
        secrets: [sampleSecret(`secret-${index}`)],
      }),
    );
    await Promise.all(clients.map((client) => store.createClient(client)));
    // A few at a time, because a store with few connections does not let callers wait for long.
    for (let from = 0; from < CLIENTS; from += AT_ONCE) {
      const grants = clients
        .slice(from, from + AT_ONCE)
        .map(({ id: clientId }, index) => sampleGrant({ id: BigInt(from + index), clientId }));
      await Promise.all(grants.map((grant) => store.createGrant(grant)));
    }
    const listed = new Map((await store.listClients()).map((client) => [client.id, client]));
    assert.equal(listed.size, CLIENTS);
    for (const client of clients) assert.deepEqual(listed.get(client.id), client);
    const results = await Promise.all(
      clients.map(({ id: clientId }, id) =>
        refreshed(store, sampleUse(0, { presented: { clientId, grantId: BigInt(id) } })),
      ),
    );
    for (const [index, { grant }] of results.entries()) assert.equal(grant?.clientId, `client-${index}`);
    assert.equal((await listAll(store, 97)).length, CLIENTS);
  });

  onStore('Long and unusual texts are read back to the last character.', async (store) => {
    const client = sampleClient({ name: LONG_TEXT, secrets: [sampleSecret('one', { name: UNUSUAL_TEXT })] });
    await store.createClient(client);
    const grant = sampleGrant({ subject: LONG_TEXT, scope: LONG_TEXT.toUpperCase() });
    await store.createGrant(grant);
    assert.deepEqual((await store.readClient('client-a')).client, client);
    assert.deepEqual(await store.readGrant(42n), grant);
  });

  onStore('Ids of clients are compared character by character.', async (store) => {
    const ids = [UNUSUAL_TEXT, UNUSUAL_TEXT.trim(), UNUSUAL_TEXT.normalize('NFC'), '%', '_', 'a', 'A'];
    for (const id of ids) assert.equal(await store.createClient(sampleClient({ id, name: id })), 'created');
    for (const id of ids) assert.equal((await store.readClient(id)).client?.name, id);
  });

  onStore('Callers are distinguished by every user agent and address.', async (store) => {
    await fill(store);
    for (const [generation, caller] of CALLERS.entries()) {
      await refreshed(store, sampleUse(generation, { nowMs: NOW_MS + generation, caller }));
      assert.deepEqual((await store.readGrant(42n))?.rotatedBy, caller);
    }
  });

  onStore('Times far in the future are stored exactly.', async (store) => {
    const createdAtMs = 2 ** 37 * 1000;
    await fill(store, {}, { createdAtMs });
    await refreshed(store, sampleUse(0, { nowMs: createdAtMs + 1 }));
    assert.deepEqual((await store.readGrant(42n))?.rotatedAtMs, [createdAtMs + 1]);
    await store.revoke(42n, { nowMs: CREATED_AT_MS, cause: 'operator' });
    assert.equal((await store.readGrant(42n))?.createdAtMs, createdAtMs);
  });
};

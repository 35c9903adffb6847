import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Client } from '../clients/client.ts';
import { smartcar } from '../dialects/smartcar/smartcar.ts';
import { openMemoryStore } from '../stores/sqlite/memory-store.ts';
import { countGrants } from './count-grants.ts';

const CLIENT: Client = {
  id: 'client-a',
  dialect: smartcar.name,
  type: 'confidential',
  name: 'Charge planner',
  redirectUris: [],
  consentRedirectUri: undefined,
  policy: smartcar.defaultPolicy,
  createdAtMs: 1_750_000_000_000,
  disabledAtMs: undefined,
  secrets: [],
};

const GRANT = {
  clientId: CLIENT.id,
  subject: 'owner-1',
  scope: 'read_odometer',
  brand: undefined,
  createdAtMs: CLIENT.createdAtMs,
  generation: 0,
  keyNumber: 1,
  rotatedAtMs: [],
  rotatedBy: undefined,
  useDigest: undefined,
  revocation: undefined,
} as const;

test('The grants of a client are counted as far as a page can wait, and the count says so.', async (t) => {
  const store = openMemoryStore();
  t.after(() => store.close());
  const key = { number: 1, purpose: 'seal', createdAtMs: CLIENT.createdAtMs, fingerprint: 'one' } as const;
  await store.registerKey(key);
  await store.createClient(CLIENT);
  await store.createClient({ ...CLIENT, id: 'client-b' });
  for (const id of [1n, 2n, 3n]) assert.equal(await store.createGrant({ ...GRANT, id }), 'created');
  for (const [clientId, atMost, grants, hasMoreGrants] of [
    ['client-b', 2, 0, false],
    ['client-a', 2, 2, true],
    ['client-a', 3, 3, false],
    ['client-a', undefined, 3, false],
  ] as const)
    assert.deepEqual(await countGrants({ store }, clientId, atMost), { grants, hasMoreGrants });
});

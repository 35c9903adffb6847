import assert from 'node:assert/strict';
import test from 'node:test';
import { openMemoryStore } from '@keyfob/server/stores';
import { judge } from '@keyfob/server/grants';
import {
  NOW_MS,
  OVERLAP_POLICY,
  refreshed,
  sampleClient,
  sampleGrant,
  sampleUse,
} from '../support/samples.ts';

const DAY = 86_400_000;

test('a store in memory goes on from the content of another, and each changes by itself', async () => {
  const first = openMemoryStore();
  await first.createClient(sampleClient());
  const grant = sampleGrant();
  assert.equal(await first.createGrant(grant), 'created');
  const content = first.copyContent();
  await refreshed(first, sampleUse(0));
  const second = openMemoryStore({ content });
  assert.equal((await second.readGrant(grant.id))?.generation, 0);
  assert.equal((await first.readGrant(grant.id))?.generation, 1);
  await refreshed(second, sampleUse(0));
  assert.equal((await second.readGrant(grant.id))?.generation, 1);
  await first.close();
  assert.equal((await second.readGrant(grant.id))?.generation, 1);
  await second.close();
});

test('content that no store wrote is refused', () => {
  assert.throws(() => openMemoryStore({ content: Buffer.alloc(4096) }), {
    name: 'StoreError',
    kind: 'unavailable',
  });
});

test('a grant that is moved into the past is older in everything that happened to it', async () => {
  const store = openMemoryStore();
  await store.createClient(sampleClient());
  const { id } = sampleGrant();
  await store.createGrant(sampleGrant());
  await refreshed(store, sampleUse(0));
  const before = await store.readGrant(id);
  assert.equal(store.backdateGrant(id, 60 * DAY), true);
  const after = await store.readGrant(id);
  assert.ok(before !== undefined && after !== undefined);
  assert.equal(after.createdAtMs, before.createdAtMs - 60 * DAY);
  assert.deepEqual(
    after.rotatedAtMs,
    before.rotatedAtMs.map((atMs) => atMs - 60 * DAY),
  );
  const { presented } = sampleUse(1);
  const verdict = judge(after, presented, { nowMs: NOW_MS, doubt: undefined }, OVERLAP_POLICY);
  assert.deepEqual(verdict, { kind: 'refuse', reason: 'expired' });
  assert.equal(store.backdateGrant(1n, DAY), false);
  await store.close();
});

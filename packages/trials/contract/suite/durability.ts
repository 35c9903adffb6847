import assert from 'node:assert/strict';
import { StoreError } from '@keyfob/server/errors';
import {
  CREATED_AT_MS,
  fill,
  listAll,
  NOW_MS,
  OTHER_CALLER,
  refreshed,
  sampleClient,
  sampleGrant,
} from '../../support/samples.ts';
import { sampleSecret, sampleUse } from '../../support/samples.ts';
import type { OnReopened } from '../register.ts';

const isUnavailable = (error: unknown): boolean =>
  error instanceof StoreError && error.kind === 'unavailable';

/** What remains after a close. */
export const lastingContract = (onReopened: OnReopened): void => {
  onReopened('Everything survives closing and reopening the store.', async (store, reopen) => {
    await fill(store, {}, { brand: 'kia' });
    const presented = { brand: 'kia', useDigest: new Uint8Array(16).fill(1) } as const;
    await refreshed(store, sampleUse(0, { keyNumber: 2, presented }));
    await refreshed(
      store,
      sampleUse(0, { nowMs: NOW_MS + 10 ** 8, caller: OTHER_CALLER, presented: { brand: 'kia' } }),
    );
    await store.addSecret('client-a', sampleSecret('one'));
    await store.createClient(sampleClient({ id: 'client-b', disabledAtMs: CREATED_AT_MS }));
    await store.createGrant(sampleGrant({ id: -(2n ** 62n), clientId: 'client-b' }));
    await store.registerKey({
      number: 1,
      purpose: 'seal',
      createdAtMs: CREATED_AT_MS,
      fingerprint: 'a'.repeat(32),
    });
    const read = async (from: typeof store) => ({
      clients: await from.listClients(),
      grants: await listAll(from, 1),
      replay: await from.readReplay(42n),
      keys: await from.listKeys(),
    });
    const before = await read(store);
    assert.equal(before.grants.length, 2);
    assert.equal(before.replay?.times, 1);
    assert.deepEqual(await read(await reopen()), before);
  });

  onReopened('All verbs work after the store is opened again.', async (store, reopen) => {
    await fill(store);
    await refreshed(store, sampleUse(0));
    const again = await reopen();
    assert.equal((await refreshed(again, sampleUse(0, { nowMs: NOW_MS + 1 }))).verdict.kind, 'repeat');
    assert.equal((await refreshed(again, sampleUse(1, { nowMs: NOW_MS + 2 }))).verdict.kind, 'rotate');
    assert.equal(await again.createGrant(sampleGrant()), 'id_taken');
    assert.equal((await refreshed(await reopen(), sampleUse(2, { nowMs: NOW_MS + 3 }))).grant?.generation, 3);
  });

  onReopened('Calls that are made before a close are finished before the close.', async (store, reopen) => {
    await fill(store);
    const pending = [
      refreshed(store, sampleUse(0)),
      store.createClient(sampleClient({ id: 'client-b' })),
    ] as const;
    const again = await reopen();
    const [{ grant }, created] = await Promise.all(pending);
    assert.equal(created, 'created');
    assert.deepEqual(await again.readGrant(42n), grant);
    assert.notEqual((await again.readClient('client-b')).client, undefined);
  });

  onReopened('Every verb of a closed store fails as unavailable.', async (store, reopen) => {
    await fill(store);
    await reopen();
    await assert.rejects(async () => store.refresh(sampleUse(0)), isUnavailable);
    await assert.rejects(store.readGrant(42n), isUnavailable);
    await assert.rejects(async () => store.readClient('client-a'), isUnavailable);
    await assert.rejects(store.listGrants({ limit: 1 }), isUnavailable);
    await assert.rejects(store.changeClient('client-a', {}), isUnavailable);
  });
};

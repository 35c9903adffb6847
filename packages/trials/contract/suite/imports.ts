import assert from 'node:assert/strict';
import type { ImportedGrant } from '@keyfob/server/grants';
import type { Store } from '@keyfob/server/stores';
import {
  CREATED_AT_MS,
  NOW_MS,
  refreshed,
  sampleClient,
  sampleGrant,
  sampleUse,
  sampleVehicle,
  STRICT_POLICY,
} from '../../support/samples.ts';
import type { OnStore } from '../register.ts';

const digestOf = (index: number): Uint8Array => new Uint8Array(32).fill(index);

const imported = (index: number, more: Partial<ImportedGrant['grant']> = {}): ImportedGrant => ({
  grant: sampleGrant({
    id: BigInt(index),
    subject: `owner-${index}`,
    rotatedAtMs: [NOW_MS - 86_400_000],
    ...more,
  }),
  digest: digestOf(index),
  expiresAtMs: CREATED_AT_MS + 90 * 86_400_000,
  vehicles: [],
});

const withClient = (store: Store) => store.createClient(sampleClient());

export const importContract = (onStore: OnStore): void => {
  onStore('Imported grants are stored as given, and are found by their digests.', async (store) => {
    await withClient(store);
    const vehicles = [sampleVehicle(1), sampleVehicle(2)];
    const batch = [{ ...imported(1), vehicles }, imported(2, { id: -2n, brand: 'kia' })];
    assert.deepEqual(await store.importGrants(batch, { nowMs: NOW_MS }), ['imported', 'imported']);
    const found = await store.findImported([digestOf(2), digestOf(9), digestOf(1)]);
    assert.deepEqual(found, [batch[1]?.grant, undefined, batch[0]?.grant]);
    assert.deepEqual(await store.readGrant(1n), batch[0]?.grant);
    assert.deepEqual(await store.listVehicles(1n), vehicles);
    assert.deepEqual(await store.listVehicles(-2n), []);
    assert.deepEqual(await store.listConsents('owner-1', { limit: 10 }), [batch[0]?.grant]);
  });

  onStore('A client with imported tokens is marked, and other clients are not.', async (store) => {
    await withClient(store);
    await store.createClient(sampleClient({ id: 'client-b' }));
    await store.importGrants([imported(1)], { nowMs: NOW_MS });
    assert.equal((await store.readClient('client-a')).client?.hasImportedTokens, true);
    assert.equal((await store.readClient('client-b')).client?.hasImportedTokens, undefined);
    assert.equal(await store.changeClient('client-a', { name: 'New name' }), 'changed');
    assert.equal((await store.readClient('client-a')).client?.hasImportedTokens, true);
    await store.createClient(sampleClient({ id: 'client-c', hasImportedTokens: true }));
    assert.equal((await store.readClient('client-c')).client?.hasImportedTokens, true);
  });

  onStore('A repeated row is reported as present, in the same batch and in another batch.', async (store) => {
    await withClient(store);
    const again = imported(1, { id: 77n, createdAtMs: CREATED_AT_MS + 5000 });
    assert.deepEqual(await store.importGrants([imported(1), again], { nowMs: NOW_MS }), [
      'imported',
      'there_already',
    ]);
    assert.deepEqual(await store.importGrants([again, imported(2)], { nowMs: NOW_MS }), [
      'there_already',
      'imported',
    ]);
    assert.equal(await store.countGrants(), 2);
    assert.equal(await store.readGrant(77n), undefined);
  });

  onStore('A token belongs to one grant: a row that contradicts this changes nothing.', async (store) => {
    await withClient(store);
    await store.createClient(sampleClient({ id: 'client-b' }));
    await store.importGrants([imported(1)], { nowMs: NOW_MS });
    const others = [
      { subject: 'owner-9' },
      { scope: 'read_vin' },
      { brand: 'kia' },
      { clientId: 'client-b' },
    ];
    const batch = others.map((more) => imported(1, { id: 9n, ...(more as Partial<ImportedGrant['grant']>) }));
    assert.deepEqual(
      await store.importGrants(batch, { nowMs: NOW_MS }),
      others.map(() => 'token_taken'),
    );
    assert.deepEqual(
      await store.importGrants([imported(2), { ...imported(3), digest: digestOf(2) }], { nowMs: NOW_MS }),
      ['imported', 'token_taken'],
    );
    assert.equal(await store.countGrants(), 2);
  });

  onStore('Rows that cannot be imported do not affect the other rows.', async (store) => {
    await withClient(store);
    await store.createGrant(sampleGrant({ id: 5n }));
    const batch = [imported(1), imported(2, { clientId: 'nobody' }), imported(5), imported(3)];
    const outcomes = ['imported', 'client_unknown', 'id_taken', 'imported'];
    assert.deepEqual(await store.importGrants(batch, { nowMs: NOW_MS }), outcomes);
    assert.equal(await store.countGrants('client-a'), 3);
    assert.deepEqual(await store.importGrants([], { nowMs: NOW_MS }), []);
    assert.deepEqual(await store.findImported([]), []);
  });

  onStore('An imported token is judged as generation 0 of its grant.', async (store) => {
    await withClient(store);
    await store.changeClient('client-a', { policy: STRICT_POLICY });
    await store.importGrants([imported(42)], { nowMs: NOW_MS });
    const first = await refreshed(store, sampleUse(0));
    assert.deepEqual([first.verdict.kind, first.grant?.generation], ['rotate', 1]);
    const raced = await refreshed(store, sampleUse(0, { nowMs: NOW_MS + 5000 }));
    assert.deepEqual(raced.verdict, { kind: 'refuse', reason: 'concurrent_use' });
    const replayed = await refreshed(store, sampleUse(0, { nowMs: NOW_MS + 60_000 }));
    assert.deepEqual(replayed.verdict, { kind: 'replay', gap: 1, response: 'revoke' });
    assert.equal((await store.findImported([digestOf(42)]))[0]?.revocation?.cause, 'replay');
  });

  pruningContract(onStore);
};

const pruningContract = (onStore: OnStore): void => {
  onStore('Pruning and removing a client remove imported tokens with their grants.', async (store) => {
    await withClient(store);
    await store.importGrants([imported(1), imported(2)], { nowMs: NOW_MS });
    await store.revoke(1n, { nowMs: CREATED_AT_MS, cause: 'operator' });
    assert.equal((await store.prune({ limit: 10, endedBeforeMs: CREATED_AT_MS + 1000 })).pruned, 1);
    const [gone, stayed] = await store.findImported([digestOf(1), digestOf(2)]);
    assert.deepEqual([gone, stayed?.id], [undefined, 2n]);
    assert.deepEqual(await store.importGrants([imported(1)], { nowMs: NOW_MS }), ['imported']);
    assert.equal(await store.removeClient('client-a', { withGrants: true }), 'removed');
    assert.deepEqual(await store.findImported([digestOf(1), digestOf(2)]), [undefined, undefined]);
  });

  onStore(
    'Pruning removes imported tokens that expired before a time, but not at that time.',
    async (store) => {
      await withClient(store);
      const expiresAtMs = NOW_MS + 100_000;
      await store.importGrants([{ ...imported(1), expiresAtMs }], { nowMs: NOW_MS });
      await refreshed(store, sampleUse(0, { presented: { grantId: 1n } }));
      assert.equal((await store.prune({ limit: 10, endedBeforeMs: expiresAtMs })).pruned, 0);
      assert.equal((await store.findImported([digestOf(1)]))[0]?.generation, 1);
      assert.equal((await store.prune({ limit: 10, endedBeforeMs: expiresAtMs + 1000 })).pruned, 0);
      assert.deepEqual(await store.findImported([digestOf(1)]), [undefined]);
      assert.equal(await store.countGrants(), 1);
    },
  );

  onStore('Two imports of the same rows at the same time create each grant once.', async (store) => {
    await withClient(store);
    const batch = Array.from({ length: 50 }, (_, index) => imported(index + 1));
    const outcomes = (
      await Promise.all([
        store.importGrants(batch, { nowMs: NOW_MS }),
        store.importGrants(batch, { nowMs: NOW_MS }),
      ])
    ).flat();
    assert.equal(outcomes.filter((outcome) => outcome === 'imported').length, 50);
    assert.ok(outcomes.every((outcome) => ['imported', 'there_already', 'id_taken'].includes(outcome)));
    assert.equal(await store.countGrants(), 50);
  });
};

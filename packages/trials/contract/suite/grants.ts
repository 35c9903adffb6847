import assert from 'node:assert/strict';
import { GENERATION_MAX } from '@keyfob/server/tokens';
import {
  CALLER,
  CREATED_AT_MS,
  fill,
  listAll,
  NOW_MS,
  refreshed,
  sampleClient,
  sampleGrant,
} from '../../support/samples.ts';
import { sampleUse } from '../../support/samples.ts';
import type { OnStore } from '../register.ts';

/** createGrant, readGrant, listGrants, countGrants, revoke and reinstate. */
export const grantContract = (onStore: OnStore): void => {
  creation(onStore);
  lists(onStore);
  revocation(onStore);
  reinstatement(onStore);
};

const creation = (onStore: OnStore): void => {
  onStore('A created grant reads back unchanged.', async (store) => {
    await store.createClient(sampleClient());
    const grant = sampleGrant({ brand: 'genesis', keyNumber: 3 });
    assert.equal(await store.createGrant(grant), 'created');
    assert.deepEqual(await store.readGrant(grant.id), grant);
  });

  onStore(
    'A grant that is created with a history keeps it: generation, rotation times and use digest.',
    async (store) => {
      await store.createClient(sampleClient());
      const useDigest = Uint8Array.from({ length: 16 }, (_, index) => 255 - index);
      const rotatedAtMs = [0, NOW_MS - 1, NOW_MS];
      const grant = sampleGrant({ generation: GENERATION_MAX, rotatedAtMs, useDigest });
      await store.createGrant(grant);
      assert.deepEqual(await store.readGrant(grant.id), grant);
    },
  );

  onStore(
    'A grant that is created as revoked is revoked, and keeps the caller of its last rotation.',
    async (store) => {
      await store.createClient(sampleClient());
      const revocation = { atMs: CREATED_AT_MS + 5000, cause: 'replay' } as const;
      const grant = sampleGrant({ generation: 1, rotatedAtMs: [NOW_MS], rotatedBy: CALLER, revocation });
      await store.createGrant(grant);
      assert.deepEqual(await store.readGrant(grant.id), grant);
    },
  );

  onStore('A grant of an unknown client is not created.', async (store) => {
    assert.equal(await store.createGrant(sampleGrant()), 'client_unknown');
    assert.equal(await store.readGrant(42n), undefined);
    assert.equal(await store.countGrants(), 0);
  });

  onStore('Creating a grant under an existing id does not change the first grant.', async (store) => {
    await fill(store);
    assert.equal(await store.createGrant(sampleGrant({ subject: 'somebody else' })), 'id_taken');
    assert.equal((await store.readGrant(42n))?.subject, 'owner-1');
    assert.equal(await store.countGrants(), 1);
  });

  onStore('A client may have two grants of the same subject.', async (store) => {
    await fill(store);
    assert.equal(await store.createGrant(sampleGrant({ id: 43n })), 'created');
    assert.equal(await store.countGrants('client-a'), 2);
  });

  onStore('An unknown grant reads as undefined, and so does its replay.', async (store) => {
    assert.equal(await store.readGrant(-1n), undefined);
    assert.equal(await store.readReplay(-1n), undefined);
  });
};

const IDS = [
  -(2n ** 63n) + 1n,
  -4_611_686_018_427_387_905n,
  -2n,
  -1n,
  0n,
  1n,
  42n,
  2n ** 53n + 1n,
  2n ** 63n - 1n,
];

const lists = (onStore: OnStore): void => {
  onStore('Grants are listed in the order of their signed ids, with any page size.', async (store) => {
    await store.createClient(sampleClient());
    for (const id of IDS.toReversed()) await store.createGrant(sampleGrant({ id }));
    for (const limit of [1, 2, IDS.length, 100]) {
      const found = await listAll(store, limit);
      assert.deepEqual(
        found.map(({ id }) => id),
        IDS,
      );
    }
  });

  onStore('The smallest possible id is listed like any other.', async (store) => {
    await fill(store, {}, { id: -(2n ** 63n) });
    assert.equal((await store.readGrant(-(2n ** 63n)))?.id, -(2n ** 63n));
    assert.equal((await listAll(store, 10)).length, 1);
  });

  onStore('A page begins after an id even if no grant has that id.', async (store) => {
    await fill(store);
    await store.createGrant(sampleGrant({ id: -7n }));
    const after = async (id: bigint) =>
      (await store.listGrants({ after: id, limit: 9 })).map((one) => one.id);
    assert.deepEqual(await after(-8n), [-7n, 42n]);
    assert.deepEqual(await after(-7n), [42n]);
    assert.deepEqual(await after(-6n), [42n]);
    assert.deepEqual(await after(42n), []);
  });

  onStore('A list and a count can be narrowed to one client.', async (store) => {
    await fill(store);
    await store.createClient(sampleClient({ id: 'client-b' }));
    for (const id of [-3n, 7n, 99n]) await store.createGrant(sampleGrant({ id, clientId: 'client-b' }));
    const ids = async (clientId: string) => (await listAll(store, 2, clientId)).map((one) => one.id);
    assert.deepEqual(await ids('client-a'), [42n]);
    assert.deepEqual(await ids('client-b'), [-3n, 7n, 99n]);
    assert.deepEqual(await ids('client-c'), []);
    assert.equal(await store.countGrants(), 4);
    assert.equal(await store.countGrants('client-b'), 3);
    for (const [atMost, counted] of [
      [2, 2],
      [3, 3],
      [4, 3],
    ] as const)
      assert.equal(await store.countGrants('client-b', { atMost }), counted);
    assert.equal(await store.countGrants('client-c'), 0);
    const nobody = 'client-a\0';
    assert.equal(await store.countGrants(nobody), 0);
    assert.deepEqual(await store.listGrants({ clientId: nobody, limit: 10 }), []);
  });
};

const revocation = (onStore: OnStore): void => {
  onStore('A revocation is stored once, with its time and cause.', async (store) => {
    await fill(store);
    assert.equal(await store.revoke(42n, { nowMs: CREATED_AT_MS + 9000, cause: 'operator' }), 'revoked');
    assert.equal(
      await store.revoke(42n, { nowMs: CREATED_AT_MS + 99_000, cause: 'replay' }),
      'revoked_before',
    );
    assert.deepEqual((await store.readGrant(42n))?.revocation, {
      atMs: CREATED_AT_MS + 9000,
      cause: 'operator',
    });
    assert.equal(await store.revoke(43n, { nowMs: CREATED_AT_MS, cause: 'operator' }), 'unknown');
  });

  onStore(
    'What a replay revoked is revoked once more by an operator, from the same moment.',
    async (store) => {
      await fill(store);
      const atMs = CREATED_AT_MS + 9000;
      await store.revoke(42n, { nowMs: atMs, cause: 'replay' });
      assert.equal(await store.revoke(42n, { nowMs: atMs + 5000, cause: 'operator' }), 'revoked');
      assert.deepEqual((await store.readGrant(42n))?.revocation, { atMs, cause: 'operator' });
      assert.equal(await store.revoke(42n, { nowMs: atMs + 6000, cause: 'operator' }), 'revoked_before');
    },
  );
};

const reinstatement = (onStore: OnStore): void => {
  onStore('A reinstated grant continues with its newest token and is otherwise unchanged.', async (store) => {
    await fill(store);
    const { grant } = await refreshed(store, sampleUse(0));
    await store.revoke(42n, { nowMs: CREATED_AT_MS + 9000, cause: 'operator' });
    assert.equal(await store.reinstate(42n, { nowMs: CREATED_AT_MS }), 'reinstated');
    assert.deepEqual(await store.readGrant(42n), grant);
    assert.equal((await refreshed(store, sampleUse(1, { nowMs: NOW_MS + 5000 }))).verdict.kind, 'rotate');
    assert.equal(await store.reinstate(42n, { nowMs: CREATED_AT_MS }), 'not_revoked');
    assert.equal(await store.reinstate(43n, { nowMs: CREATED_AT_MS }), 'unknown');
  });

  onStore('What an owner takes back while an operator has stopped it cannot be put back.', async (store) => {
    await fill(store);
    await store.revoke(42n, { nowMs: CREATED_AT_MS + 9000, cause: 'operator' });
    const { subject, clientId, brand } = sampleGrant();
    const withdrawal = { sharing: { subject, clientId, brand }, vehicleId: undefined, endsWhenEmpty: true };
    const withdrawn = await store.withdraw(withdrawal, { nowMs: CREATED_AT_MS + 10_000 });
    assert.deepEqual(
      withdrawn.map(({ grantId, isRevoked }) => [grantId, isRevoked]),
      [[42n, true]],
    );
    assert.equal(await store.reinstate(42n, { nowMs: CREATED_AT_MS + 11_000 }), 'consent_needed');
    const takenBack = { atMs: CREATED_AT_MS + 9000, cause: 'owner' };
    assert.deepEqual((await store.readGrant(42n))?.revocation, takenBack);
    assert.deepEqual(await store.withdraw(withdrawal, { nowMs: CREATED_AT_MS + 12_000 }), []);
  });
};

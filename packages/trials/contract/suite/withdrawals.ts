import assert from 'node:assert/strict';
import type { Withdrawal } from '@keyfob/server/grants';
import type { Store } from '@keyfob/server/stores';
import { consentTo } from '../../support/consent-to.ts';
import {
  NOW_MS,
  redeemed,
  refreshed,
  sampleClient,
  sampleCode,
  sampleCodeUse,
  sampleGrant,
  sampleUse,
  sampleVehicle,
} from '../../support/samples.ts';
import type { OnStore } from '../register.ts';

const ONE = sampleVehicle(1);
const TWO = sampleVehicle(2);
const LATER_MS = NOW_MS + 5000;
const AUDIT_CONTEXT = { nowMs: LATER_MS, requestId: 'request-2' };
const SHARING = { subject: 'owner-1', clientId: 'client-a', brand: undefined };
const ALL: Withdrawal = { sharing: SHARING, vehicleId: undefined, endsWhenEmpty: true };
const ONLY_ONE: Withdrawal = { ...ALL, vehicleId: ONE.id };

/** The ids of the grants that a withdrawal changed, with what it took from each. */
const withdraw = async (store: Store, withdrawal: Withdrawal): Promise<readonly unknown[]> =>
  (await store.withdraw(withdrawal, AUDIT_CONTEXT)).map(({ grantId, disconnected, isRevoked }) => [
    grantId,
    disconnected.map(({ id }) => id),
    isRevoked,
  ]);

const causesOf = async (store: Store, ids: readonly bigint[]): Promise<readonly unknown[]> =>
  Promise.all(ids.map(async (id) => (await store.readGrant(id))?.revocation?.cause));

/** The grant events of the withdrawal: grant, kind, cause and VINs. */
const grantEventsOf = async (store: Store): Promise<readonly unknown[]> =>
  (await store.listGrantEvents({ after: 0, limit: 100 }))
    .filter(({ requestId }) => requestId === AUDIT_CONTEXT.requestId)
    .map(({ grantId, kind, cause, vins }) => [grantId, kind, cause, vins]);

/** withdraw. */
export const withdrawalContract = (onStore: OnStore): void => {
  ofGrants(onStore);
  ofStoppedGrants(onStore);
  ofCodes(onStore);
};

const ofGrants = (onStore: OnStore): void => {
  onStore(
    'Withdrawing all access revokes every grant of the owner for the client, and no other.',
    async (store) => {
      await store.createClient(sampleClient());
      await store.createClient(sampleClient({ id: 'client-b' }));
      await consentTo(store, [ONE], { grantId: -7n });
      await consentTo(store, [TWO], { grantId: 42n });
      await consentTo(store, [ONE], { grantId: 43n, subject: 'owner-2' });
      await consentTo(store, [ONE], { grantId: 44n, clientId: 'client-b' });
      assert.deepEqual(await withdraw(store, ALL), [
        [-7n, [], true],
        [42n, [], true],
      ]);
      assert.deepEqual(await causesOf(store, [-7n, 42n, 43n, 44n]), ['owner', 'owner', undefined, undefined]);
      assert.deepEqual(await grantEventsOf(store), [
        [-7n, 'grant.revoked', 'owner', [ONE.vin]],
        [42n, 'grant.revoked', 'owner', [TWO.vin]],
      ]);
      const { verdict } = await refreshed(store, sampleUse(0, { nowMs: LATER_MS + 1 }));
      assert.equal(verdict.kind, 'refuse');
      assert.deepEqual(await withdraw(store, ALL), []);
    },
  );

  onStore(
    'A grant that an operator made is listed for its owner, and withdrawn with the rest.',
    async (store) => {
      await store.createClient(sampleClient());
      await consentTo(store, [ONE], { grantId: 42n });
      const made = sampleGrant({ id: 45n });
      assert.equal(await store.createGrant(made), 'created');
      assert.equal(await store.createGrant(sampleGrant({ id: 46n, subject: 'owner-2' })), 'created');
      assert.equal(await store.createGrant(sampleGrant({ id: 46n })), 'id_taken');
      const listed = await store.listConsents('owner-1', { limit: 10 });
      assert.deepEqual(listed, [await store.readGrant(42n), made]);
      await store.selectVehicles(45n, [ONE, TWO], { nowMs: NOW_MS });
      assert.deepEqual(await withdraw(store, ONLY_ONE), [
        [42n, [ONE.id], true],
        [45n, [ONE.id], false],
      ]);
      assert.deepEqual(await withdraw(store, ALL), [[45n, [], true]]);
      assert.deepEqual(await causesOf(store, [42n, 45n, 46n]), ['disconnected', 'owner', undefined]);
      await store.prune({ limit: 10, endedBeforeMs: LATER_MS + 1000 });
      assert.deepEqual(await store.listConsents('owner-1', { limit: 10 }), []);
    },
  );

  onStore('Withdrawing access for a brand keeps the access for other brands.', async (store) => {
    await store.createClient(sampleClient({ dialect: 'pleos' }));
    for (const [grantId, brand] of [
      [1n, 'kia'],
      [2n, 'hyundai'],
      [3n, undefined],
    ] as const) {
      await store.createCode(sampleCode({ grantId, brand }));
      await redeemed(store, sampleCodeUse({ presented: { grantId, brand } }));
    }
    const kia = { ...ALL, sharing: { ...SHARING, brand: 'kia' } };
    assert.deepEqual(await withdraw(store, kia), [[1n, [], true]]);
    assert.deepEqual(await withdraw(store, ALL), [[3n, [], true]]);
    assert.deepEqual(await causesOf(store, [1n, 2n, 3n]), ['owner', undefined, 'owner']);
  });

  onStore('Withdrawing a vehicle takes it out of every grant of the sharing.', async (store) => {
    await store.createClient(sampleClient());
    await consentTo(store, [ONE, TWO], { grantId: 1n });
    await consentTo(store, [ONE], { grantId: 2n });
    await consentTo(store, [TWO], { grantId: 3n });
    assert.deepEqual(await withdraw(store, ONLY_ONE), [
      [1n, [ONE.id], false],
      [2n, [ONE.id], true],
    ]);
    assert.deepEqual(await store.listVehicles(1n), [TWO]);
    assert.deepEqual(await store.listVehicles(3n), [TWO]);
    assert.deepEqual(await causesOf(store, [1n, 2n, 3n]), [undefined, 'disconnected', undefined]);
    assert.deepEqual(await grantEventsOf(store), [
      [1n, 'vehicles.disconnected', undefined, [ONE.vin]],
      [2n, 'vehicles.disconnected', undefined, [ONE.vin]],
      [2n, 'grant.revoked', 'disconnected', []],
    ]);
    const kept = await withdraw(store, { ...ALL, vehicleId: TWO.id, endsWhenEmpty: false });
    assert.deepEqual(kept, [
      [1n, [TWO.id], false],
      [3n, [TWO.id], false],
    ]);
    assert.deepEqual(await causesOf(store, [1n, 3n]), [undefined, undefined]);
  });
};

const ofStoppedGrants = (onStore: OnStore): void => {
  onStore(
    'A withdrawal also takes from what a replay or an operator stopped, and nothing from what was ended for good.',
    async (store) => {
      await store.createClient(sampleClient());
      await consentTo(store, [ONE, TWO], { grantId: 1n });
      await consentTo(store, [ONE, TWO], { grantId: 2n });
      await consentTo(store, [ONE], { grantId: 3n });
      for (const id of [1n, 3n]) await store.revoke(id, { nowMs: LATER_MS, cause: 'replay' });
      await consentTo(store, [ONE], { grantId: 4n });
      await store.revoke(2n, { nowMs: LATER_MS, cause: 'operator' });
      await store.revoke(4n, { nowMs: LATER_MS, cause: 'client' });
      assert.deepEqual(await withdraw(store, ONLY_ONE), [
        [1n, [ONE.id], false],
        [2n, [ONE.id], false],
        [3n, [ONE.id], true],
      ]);
      assert.deepEqual(await store.listVehicles(1n), [TWO]);
      assert.deepEqual(await withdraw(store, ALL), [
        [1n, [], true],
        [2n, [], true],
      ]);
      const causes = ['owner', 'owner', 'disconnected', 'client'];
      assert.deepEqual(await causesOf(store, [1n, 2n, 3n, 4n]), causes);
      assert.deepEqual(await withdraw(store, ALL), []);
    },
  );
};

const ofCodes = (onStore: OnStore): void => {
  onStore(
    'A code that is not redeemed yet stops working when its access or its vehicle is withdrawn.',
    async (store) => {
      await store.createClient(sampleClient());
      await store.createCode(sampleCode({ grantId: 1n, vehicles: [ONE] }));
      await store.createCode(sampleCode({ grantId: 2n, vehicles: [TWO] }));
      await store.createCode(sampleCode({ grantId: 3n, vehicles: [ONE], subject: 'owner-2' }));
      const redeem = async (grantId: bigint): Promise<string> =>
        (await redeemed(store, sampleCodeUse({ presented: { grantId } }))).verdict.kind;
      assert.deepEqual(await withdraw(store, ONLY_ONE), []);
      assert.equal(await redeem(1n), 'refuse');
      assert.deepEqual(await withdraw(store, ALL), []);
      assert.equal(await redeem(2n), 'refuse');
      assert.equal(await redeem(3n), 'redeem');
    },
  );

  onStore('Access that is withdrawn while its code is redeemed does not go on.', async (store) => {
    await store.createClient(sampleClient());
    for (let grantId = 1n; grantId <= 5n; grantId++) {
      await store.createCode(sampleCode({ grantId }));
      await Promise.all([
        store.redeemCode(sampleCodeUse({ presented: { grantId } })),
        store.withdraw(ALL, AUDIT_CONTEXT),
      ]);
      const grant = await store.readGrant(grantId);
      assert.ok(grant === undefined || grant.revocation?.cause === 'owner');
    }
  });

  onStore('Of two withdrawals at the same time, one reports each grant.', async (store) => {
    await store.createClient(sampleClient());
    for (const grantId of [3n, 1n, 2n]) await consentTo(store, [ONE], { grantId });
    const both = await Promise.all([withdraw(store, ALL), withdraw(store, ALL)]);
    assert.equal(both.flat().length, 3);
    assert.equal((await grantEventsOf(store)).length, 3);
  });

  onStore(
    'A withdrawal from an unknown client, or of what nobody shares, changes nothing.',
    async (store) => {
      await store.createClient(sampleClient());
      await consentTo(store, [ONE]);
      for (const withdrawal of [
        { ...ALL, sharing: { ...SHARING, clientId: 'nobody' } },
        { ...ALL, sharing: { ...SHARING, clientId: 'nul\0' } },
        { ...ALL, sharing: { ...SHARING, subject: 'owner-9' } },
        { ...ALL, sharing: { ...SHARING, brand: 'kia' } },
        { ...ALL, vehicleId: '%' },
        { ...ALL, vehicleId: `${ONE.id}"` },
      ])
        assert.deepEqual(await withdraw(store, withdrawal), []);
      assert.deepEqual(await causesOf(store, [42n]), [undefined]);
    },
  );
};

import assert from 'node:assert/strict';
import type { Store } from '@keyfob/server/stores';
import { consentTo } from '../../support/consent-to.ts';
import { fill, NOW_MS, sampleClient, sampleVehicle } from '../../support/samples.ts';
import type { OnStore } from '../register.ts';

/** listVehicles, selectVehicles and disconnectVehicles. */
export const vehicleContract = (onStore: OnStore): void => {
  coverage(onStore);
  selection(onStore);
  disconnection(onStore);
};

const ONE = sampleVehicle(1);
const TWO = sampleVehicle(2, { make: 'kia', model: 'EV6', powertrain: 'PE', nickname: '' });
const THREE = sampleVehicle(3);
/** After the grant was made. */
const LATER_MS = NOW_MS + 5000;
const AUDIT_CONTEXT = { nowMs: LATER_MS, requestId: 'request-2' };
const KEEPS_WHEN_EMPTY = { ...AUDIT_CONTEXT, endsWhenEmpty: false };
const ENDS_WHEN_EMPTY = { ...AUDIT_CONTEXT, endsWhenEmpty: true };

/** The grant events after the creation: kind, cause, VINs, request and time. */
const grantEventsOf = async (store: Store): Promise<readonly unknown[]> => {
  const grantEvents = await store.listGrantEvents({ after: 0, limit: 100, grantId: 42n });
  return grantEvents
    .filter(({ kind }) => kind !== 'grant.created')
    .map(({ kind, cause, vins, requestId, atMs }) => [kind, cause, [...vins].sort(), requestId, atMs]);
};

const disconnectedEvent = (...vins: readonly string[]) => [
  'vehicles.disconnected',
  undefined,
  vins,
  'request-2',
  LATER_MS,
];

const coverage = (onStore: OnStore): void => {
  onStore(
    'A grant by consent covers the vehicles that its owner chose, with every field, in the order of ids.',
    async (store) => {
      await store.createClient(sampleClient());
      await consentTo(store, [TWO, ONE]);
      assert.deepEqual(await store.listVehicles(42n), [ONE, TWO]);
    },
  );

  onStore('A grant without consent covers no vehicle, and neither does an unknown grant.', async (store) => {
    await fill(store);
    assert.deepEqual(await store.listVehicles(42n), []);
    assert.deepEqual(await store.listVehicles(43n), []);
  });

  onStore(
    'Two grants can cover the same vehicle; disconnecting it from one keeps it in the other.',
    async (store) => {
      await store.createClient(sampleClient());
      await consentTo(store, [ONE]);
      await consentTo(store, [ONE], { grantId: 43n });
      await store.disconnectVehicles(42n, [ONE.id], KEEPS_WHEN_EMPTY);
      assert.deepEqual(await store.listVehicles(42n), []);
      assert.deepEqual(await store.listVehicles(43n), [ONE]);
    },
  );
};

const selection = (onStore: OnStore): void => {
  onStore('A new choice replaces the old one, and only the difference is recorded.', async (store) => {
    await store.createClient(sampleClient());
    await consentTo(store, [ONE, TWO]);
    assert.equal(await store.selectVehicles(42n, [THREE, TWO], AUDIT_CONTEXT), 'selected');
    assert.deepEqual(await store.listVehicles(42n), [TWO, THREE]);
    assert.deepEqual(await grantEventsOf(store), [
      disconnectedEvent(ONE.vin),
      ['vehicles.connected', undefined, [THREE.vin], 'request-2', LATER_MS],
    ]);
  });

  onStore('The same choice again records nothing, and updates the data of a vehicle.', async (store) => {
    await store.createClient(sampleClient());
    await consentTo(store, [ONE, TWO]);
    const renamed = { ...ONE, nickname: 'Blue one' };
    assert.equal(await store.selectVehicles(42n, [renamed, TWO], AUDIT_CONTEXT), 'selected');
    assert.deepEqual(await store.listVehicles(42n), [renamed, TWO]);
    assert.deepEqual(await grantEventsOf(store), []);
  });

  onStore('A choice of no vehicle keeps the grant, which then covers no vehicle.', async (store) => {
    await store.createClient(sampleClient());
    const grant = await consentTo(store, [ONE]);
    assert.equal(await store.selectVehicles(42n, [], AUDIT_CONTEXT), 'selected');
    assert.deepEqual(await store.listVehicles(42n), []);
    assert.deepEqual(await store.readGrant(42n), grant);
    assert.equal(await store.selectVehicles(42n, [TWO], AUDIT_CONTEXT), 'selected');
    assert.deepEqual(await store.listVehicles(42n), [TWO]);
  });

  onStore('Vehicles cannot be chosen for a revoked or unknown grant.', async (store) => {
    await store.createClient(sampleClient());
    await consentTo(store, [ONE]);
    await store.revoke(42n, { nowMs: NOW_MS + 1000, cause: 'owner' });
    assert.equal(await store.selectVehicles(42n, [TWO], AUDIT_CONTEXT), 'revoked');
    assert.deepEqual(await store.listVehicles(42n), [ONE]);
    assert.equal(await store.selectVehicles(43n, [TWO], AUDIT_CONTEXT), 'unknown');
    assert.deepEqual(await store.listVehicles(43n), []);
  });
};

const disconnection = (onStore: OnStore): void => {
  onStore('One of two vehicles is disconnected once; the grant continues with the other.', async (store) => {
    await store.createClient(sampleClient());
    await consentTo(store, [ONE, TWO]);
    const first = await store.disconnectVehicles(42n, [ONE.id], ENDS_WHEN_EMPTY);
    assert.deepEqual(first, { disconnected: [ONE], isRevoked: false });
    const again = await store.disconnectVehicles(42n, [ONE.id], ENDS_WHEN_EMPTY);
    assert.deepEqual(again, { disconnected: [], isRevoked: false });
    assert.deepEqual(await store.listVehicles(42n), [TWO]);
    assert.equal((await store.readGrant(42n))?.revocation, undefined);
    assert.deepEqual(await grantEventsOf(store), [disconnectedEvent(ONE.vin)]);
  });

  onStore(
    'Disconnecting the last vehicle revokes the grant in the same step, if requested.',
    async (store) => {
      await store.createClient(sampleClient());
      await consentTo(store, [ONE, TWO]);
      await store.disconnectVehicles(42n, [TWO.id], ENDS_WHEN_EMPTY);
      const last = await store.disconnectVehicles(42n, [ONE.id], ENDS_WHEN_EMPTY);
      assert.deepEqual(last, { disconnected: [ONE], isRevoked: true });
      const atMs = LATER_MS;
      assert.deepEqual((await store.readGrant(42n))?.revocation, { atMs, cause: 'disconnected' });
      assert.deepEqual(await grantEventsOf(store), [
        disconnectedEvent(TWO.vin),
        disconnectedEvent(ONE.vin),
        ['grant.revoked', 'disconnected', [], 'request-2', LATER_MS],
      ]);
      const again = await store.disconnectVehicles(42n, [ONE.id], ENDS_WHEN_EMPTY);
      assert.deepEqual(again, { disconnected: [], isRevoked: false });
    },
  );

  onStore(
    'All vehicles can be disconnected in one step, and the grant continues if requested.',
    async (store) => {
      await store.createClient(sampleClient());
      const grant = await consentTo(store, [ONE, TWO]);
      const all = await store.disconnectVehicles(42n, 'all', KEEPS_WHEN_EMPTY);
      assert.deepEqual(all, { disconnected: [ONE, TWO], isRevoked: false });
      assert.deepEqual(await store.listVehicles(42n), []);
      assert.deepEqual(await store.readGrant(42n), grant);
      assert.deepEqual(await grantEventsOf(store), [disconnectedEvent(ONE.vin, TWO.vin)]);
    },
  );

  onStore('Disconnecting vehicles does not revoke a grant that never covered a vehicle.', async (store) => {
    await fill(store);
    for (const vehicleIds of ['all', [ONE.id], []] as const) {
      const result = await store.disconnectVehicles(42n, vehicleIds, ENDS_WHEN_EMPTY);
      assert.deepEqual(result, { disconnected: [], isRevoked: false });
    }
    assert.equal((await store.readGrant(42n))?.revocation, undefined);
    assert.deepEqual(await grantEventsOf(store), []);
    assert.equal(await store.disconnectVehicles(43n, 'all', ENDS_WHEN_EMPTY), 'unknown');
  });

  onStore('A revoked grant keeps its first cause when its last vehicle is disconnected.', async (store) => {
    await store.createClient(sampleClient());
    await consentTo(store, [ONE]);
    await store.revoke(42n, { nowMs: NOW_MS + 1000, cause: 'owner' });
    const result = await store.disconnectVehicles(42n, 'all', ENDS_WHEN_EMPTY);
    assert.deepEqual(result, { disconnected: [ONE], isRevoked: false });
    assert.deepEqual((await store.readGrant(42n))?.revocation, { atMs: NOW_MS + 1000, cause: 'owner' });
  });

  onStore(
    'Of two concurrent requests that disconnect the same vehicle, one reports the revocation.',
    async (store) => {
      await store.createClient(sampleClient());
      await consentTo(store, [ONE]);
      const both = await Promise.all([
        store.disconnectVehicles(42n, [ONE.id], ENDS_WHEN_EMPTY),
        store.disconnectVehicles(42n, [ONE.id], ENDS_WHEN_EMPTY),
      ]);
      const revoked = both.filter((result) => result !== 'unknown' && result.isRevoked);
      assert.equal(revoked.length, 1);
    },
  );
};

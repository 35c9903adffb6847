import assert from 'node:assert/strict';
import type { Store } from '@keyfob/server/stores';
import { consentTo } from '../../support/consent-to.ts';
import { CREATED_AT, fill, NOW_MS, sampleClient, sampleVehicle } from '../../support/samples.ts';
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
const OCCASION = { nowMs: NOW_MS, requestId: 'request-2' };
const NOT_LAST = { ...OCCASION, endsWhenEmpty: false };
const LAST_ENDS = { ...OCCASION, endsWhenEmpty: true };

/** What is kept of what happened since the grant was made: kind, cause, VINs and the request. */
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
  NOW_MS,
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

  onStore('A grant without consent covers nothing, and neither does an unknown grant.', async (store) => {
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
      await store.disconnectVehicles(42n, [ONE.id], NOT_LAST);
      assert.deepEqual(await store.listVehicles(42n), []);
      assert.deepEqual(await store.listVehicles(43n), [ONE]);
    },
  );
};

const selection = (onStore: OnStore): void => {
  onStore('A new choice replaces the old one, and only the difference is recorded.', async (store) => {
    await store.createClient(sampleClient());
    await consentTo(store, [ONE, TWO]);
    assert.equal(await store.selectVehicles(42n, [THREE, TWO], OCCASION), 'selected');
    assert.deepEqual(await store.listVehicles(42n), [TWO, THREE]);
    assert.deepEqual(await grantEventsOf(store), [
      disconnectedEvent(ONE.vin),
      ['vehicles.connected', undefined, [THREE.vin], 'request-2', NOW_MS],
    ]);
  });

  onStore('The same choice again records nothing, and updates the data of a vehicle.', async (store) => {
    await store.createClient(sampleClient());
    await consentTo(store, [ONE, TWO]);
    const renamed = { ...ONE, nickname: 'Blue one' };
    assert.equal(await store.selectVehicles(42n, [renamed, TWO], OCCASION), 'selected');
    assert.deepEqual(await store.listVehicles(42n), [renamed, TWO]);
    assert.deepEqual(await grantEventsOf(store), []);
  });

  onStore('A choice of no vehicle keeps the grant, which then covers nothing.', async (store) => {
    await store.createClient(sampleClient());
    const grant = await consentTo(store, [ONE]);
    assert.equal(await store.selectVehicles(42n, [], OCCASION), 'selected');
    assert.deepEqual(await store.listVehicles(42n), []);
    assert.deepEqual(await store.readGrant(42n), grant);
    assert.equal(await store.selectVehicles(42n, [TWO], OCCASION), 'selected');
    assert.deepEqual(await store.listVehicles(42n), [TWO]);
  });

  onStore('Vehicles cannot be chosen for a revoked or unknown grant.', async (store) => {
    await store.createClient(sampleClient());
    await consentTo(store, [ONE]);
    await store.revoke(42n, { nowMs: CREATED_AT * 1000, cause: 'owner' });
    assert.equal(await store.selectVehicles(42n, [TWO], OCCASION), 'revoked');
    assert.deepEqual(await store.listVehicles(42n), [ONE]);
    assert.equal(await store.selectVehicles(43n, [TWO], OCCASION), 'unknown');
    assert.deepEqual(await store.listVehicles(43n), []);
  });
};

const disconnection = (onStore: OnStore): void => {
  onStore('One of two vehicles is disconnected once; the grant continues with the other.', async (store) => {
    await store.createClient(sampleClient());
    await consentTo(store, [ONE, TWO]);
    const first = await store.disconnectVehicles(42n, [ONE.id], LAST_ENDS);
    assert.deepEqual(first, { disconnected: [ONE], isRevoked: false });
    const again = await store.disconnectVehicles(42n, [ONE.id], LAST_ENDS);
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
      await store.disconnectVehicles(42n, [TWO.id], LAST_ENDS);
      const last = await store.disconnectVehicles(42n, [ONE.id], LAST_ENDS);
      assert.deepEqual(last, { disconnected: [ONE], isRevoked: true });
      const at = Math.floor(NOW_MS / 1000);
      assert.deepEqual((await store.readGrant(42n))?.revocation, { at, cause: 'disconnected' });
      assert.deepEqual(await grantEventsOf(store), [
        disconnectedEvent(TWO.vin),
        disconnectedEvent(ONE.vin),
        ['grant.revoked', 'disconnected', [], 'request-2', NOW_MS],
      ]);
      const again = await store.disconnectVehicles(42n, [ONE.id], LAST_ENDS);
      assert.deepEqual(again, { disconnected: [], isRevoked: false });
    },
  );

  onStore(
    'All vehicles can be disconnected at once, and the grant continues if requested.',
    async (store) => {
      await store.createClient(sampleClient());
      const grant = await consentTo(store, [ONE, TWO]);
      const all = await store.disconnectVehicles(42n, 'all', NOT_LAST);
      assert.deepEqual(all, { disconnected: [ONE, TWO], isRevoked: false });
      assert.deepEqual(await store.listVehicles(42n), []);
      assert.deepEqual(await store.readGrant(42n), grant);
      assert.deepEqual(await grantEventsOf(store), [disconnectedEvent(ONE.vin, TWO.vin)]);
    },
  );

  onStore('Disconnecting nothing does not revoke a grant that never covered a vehicle.', async (store) => {
    await fill(store);
    for (const vehicleIds of ['all', [ONE.id], []] as const) {
      const result = await store.disconnectVehicles(42n, vehicleIds, LAST_ENDS);
      assert.deepEqual(result, { disconnected: [], isRevoked: false });
    }
    assert.equal((await store.readGrant(42n))?.revocation, undefined);
    assert.deepEqual(await grantEventsOf(store), []);
    assert.equal(await store.disconnectVehicles(43n, 'all', LAST_ENDS), 'unknown');
  });

  onStore('A revoked grant keeps its first cause when its last vehicle is disconnected.', async (store) => {
    await store.createClient(sampleClient());
    await consentTo(store, [ONE]);
    await store.revoke(42n, { nowMs: CREATED_AT * 1000, cause: 'owner' });
    const result = await store.disconnectVehicles(42n, 'all', LAST_ENDS);
    assert.deepEqual(result, { disconnected: [ONE], isRevoked: false });
    assert.deepEqual((await store.readGrant(42n))?.revocation, { at: CREATED_AT, cause: 'owner' });
  });

  onStore(
    'Of two requests that disconnect the same vehicle at once, one learns that it did.',
    async (store) => {
      await store.createClient(sampleClient());
      await consentTo(store, [ONE]);
      const both = await Promise.all([
        store.disconnectVehicles(42n, [ONE.id], LAST_ENDS),
        store.disconnectVehicles(42n, [ONE.id], LAST_ENDS),
      ]);
      const revoked = both.filter((result) => result !== 'unknown' && result.isRevoked);
      assert.equal(revoked.length, 1);
    },
  );
};

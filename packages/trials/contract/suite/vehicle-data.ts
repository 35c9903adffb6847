import assert from 'node:assert/strict';
import {
  fillWithCode,
  NOW_MS,
  redeemed,
  refreshed,
  SAMPLE_DATA,
  sampleCodeUse,
  sampleUse,
  sampleVehicle,
} from '../../support/samples.ts';
import type { OnStore } from '../register.ts';

const SECONDS = NOW_MS / 1000;

const asking = (...data: readonly string[]) => sampleCodeUse({ presented: { narrowed: { data } } });

export const vehicleDataContract = (onStore: OnStore): void => {
  onStore('A grant has the vehicle data that its owner agreed to, in every list.', async (store) => {
    await fillWithCode(store, { vehicleData: SAMPLE_DATA, vehicles: [sampleVehicle()] });
    assert.deepEqual((await store.readCode(42n))?.vehicleData, SAMPLE_DATA);
    const { grant } = await redeemed(store);
    assert.deepEqual(grant?.vehicleData, SAMPLE_DATA);
    assert.deepEqual(await store.readGrant(42n), grant);
    assert.deepEqual(await store.listGrants({ limit: 10 }), [grant]);
    assert.deepEqual(await store.listConsents('owner-1', { limit: 10 }), [grant]);
  });

  onStore('A grant for vehicle data is refreshed like any other, until its moment.', async (store) => {
    await fillWithCode(store, { vehicleData: SAMPLE_DATA });
    await redeemed(store);
    for (const generation of [0, 1, 2]) {
      const { verdict, grant } = await refreshed(store, sampleUse(generation, { nowMs: NOW_MS + 100_000 }));
      assert.deepEqual(verdict, { kind: 'rotate' });
      assert.deepEqual(grant?.vehicleData, SAMPLE_DATA);
    }
    const narrower = sampleUse(3, { nowMs: NOW_MS + 999_000, presented: { narrowed: { data: ['charge'] } } });
    assert.deepEqual((await refreshed(store, narrower)).verdict, {
      kind: 'refuse',
      reason: 'details_not_allowed',
    });
    const late = sampleUse(3, { nowMs: NOW_MS + 1_000_000 });
    assert.deepEqual((await refreshed(store, late)).verdict, { kind: 'refuse', reason: 'until_passed' });
    assert.equal((await store.readGrant(42n))?.generation, 3);
  });

  onStore('A code gets nothing for more data, and can still be used for less.', async (store) => {
    await fillWithCode(store, { vehicleData: SAMPLE_DATA });
    assert.deepEqual((await redeemed(store, asking('charge'))).verdict, {
      kind: 'refuse',
      reason: 'details_not_allowed',
    });
    assert.deepEqual((await redeemed(store, asking('trips'))).verdict, { kind: 'redeem' });
  });

  onStore('An owner changes what a grant allows, with one grant event for each change.', async (store) => {
    await fillWithCode(store, { vehicleData: SAMPLE_DATA });
    await redeemed(store);
    const at = { nowMs: NOW_MS + 5000, requestId: 'request-2' };
    const until = NOW_MS / 1000 + 500;
    assert.equal(await store.changeVehicleData(42n, { data: ['charge'], until }, at), 'changed');
    const { vehicleData } = (await store.readGrant(42n)) ?? {};
    const changes = [{ atMs: at.nowMs, became: 'extended', data: ['charge'], until }];
    assert.deepEqual(vehicleData, { ...SAMPLE_DATA, data: ['charge'], until, changes });
    const late = sampleUse(0, { nowMs: NOW_MS + 500_000 });
    assert.deepEqual((await refreshed(store, late)).verdict, { kind: 'refuse', reason: 'until_passed' });
    assert.equal(await store.changeVehicleData(42n, { data: ['doors'], until }, at), 'not_asked');
    assert.equal(await store.changeVehicleData(7n, { data: ['charge'], until }, at), 'unknown');
    assert.equal(await store.changeVehicleData(42n, { data: ['charge'], until: undefined }, at), 'changed');
    assert.deepEqual((await refreshed(store, late)).verdict, { kind: 'rotate' });
    const events = await store.listGrantEvents({ after: 0, limit: 10, kind: 'vehicle_data.changed' });
    assert.deepEqual(
      events.map(({ cause, requestId }) => [cause, requestId]),
      [
        ['extended', 'request-2'],
        ['extended', 'request-2'],
      ],
    );
  });

  onStore('A code whose moment has passed makes no grant.', async (store) => {
    await fillWithCode(store, { vehicleData: { ...SAMPLE_DATA, until: SECONDS + 10 } });
    const late = sampleCodeUse({ nowMs: NOW_MS + 10_000 });
    assert.deepEqual((await redeemed(store, late)).verdict, { kind: 'refuse', reason: 'code_expired' });
    assert.equal(await store.countGrants(), 0);
  });
};

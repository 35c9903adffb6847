import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import smartcar from 'smartcar';
import { advanceClock, createGrantIn } from '@keyfob/sandbox';
import { liveVehicle } from '@keyfob/keeper/smartcar';
import { changeGrantIn } from '../change-grant-in.ts';
import { keptWorldFor } from '../kept-world.ts';
import type { KeptWorld } from '../kept-world.ts';
import type { Scope } from '../../support/test-directory.ts';

const VEHICLES = ['KMHM341VF1A000001'];

/** A car with its id, whose access token looks valid and is refused. */
const carFor = async (scope: Scope): Promise<KeptWorld & { readonly vehicleId: string }> => {
  const kept = await keptWorldFor(scope, 'smartcar');
  process.env['SMARTCAR_API_ORIGIN'] = kept.world.url;
  const { refreshToken } = await createGrantIn(kept.world, { client: 'smartcar', vehicles: VEHICLES });
  await kept.keeper.put('car', 'cars', { refreshToken });
  const { vehicles } = await smartcar.getVehicles(await kept.keeper.token('car'));
  const [vehicleId = ''] = vehicles;
  return { ...kept, vehicleId };
};

describe("a vehicle of Smartcar's SDK", () => {
  it('always has a valid token, also after the first one has ended', async (scope) => {
    const { world, keeper, vehicleId, requests } = await carFor(scope);
    const vehicle = liveVehicle(smartcar.Vehicle, keeper, 'car', vehicleId);
    assert.equal((await vehicle.attributes()).id, vehicleId);
    assert.equal(requests().length, 1);
    // The keeper's clock does not see this: only the refusal says that the token has ended.
    await advanceClock(world, { byMs: 3 * 3_600_000 });
    assert.ok((await vehicle.permissions({ limit: 1 })).paging.count > 0);
    assert.equal(requests().length, 2);
  });

  it('says that a consent is needed', async (scope) => {
    const kept = await carFor(scope);
    const vehicle = liveVehicle(smartcar.Vehicle, kept.keeper, 'car', kept.vehicleId);
    await changeGrantIn(kept, 'revoke');
    await assert.rejects(vehicle.attributes(), { name: 'NeedsConsentError', cause: 'revoked' });
  });

  it('reports other refusals as the SDK does', async (scope) => {
    const { keeper } = await carFor(scope);
    const vehicle = liveVehicle(smartcar.Vehicle, keeper, 'car', 'no-such-vehicle');
    await assert.rejects(vehicle.attributes(), smartcar.SmartcarError);
  });
});

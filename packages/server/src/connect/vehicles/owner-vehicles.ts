import { DEMO_OWNERS, isSimulatedSubject } from '../sign-in/demo-owners.ts';
import { VehicleSourceError } from './vehicle-source.ts';
import type { VehicleSource } from './vehicle-source.ts';

/** Lists simulated vehicles for simulated owners, and vehicles of the real source for all others. Never mixes them. */
export const createOwnerVehicles = (real: VehicleSource | undefined): VehicleSource => ({
  async list(subject) {
    if (isSimulatedSubject(subject))
      return {
        vehicles: DEMO_OWNERS.find((owner) => owner.subject === subject)?.vehicles ?? [],
        leftOut: [],
      };
    if (real === undefined) throw new VehicleSourceError('no vehicle service is configured (vehiclesUrl)');
    return real.list(subject);
  },
});

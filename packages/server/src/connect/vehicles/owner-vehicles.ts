import { DEMO_OWNERS, isSimulatedSubject } from '../sign-in/demo-owners.ts';
import { VehicleSourceError } from './vehicle-source.ts';
import type { VehicleSource } from './vehicle-source.ts';

/** Simulated vehicles for simulated owners and real ones for real owners, and never the other way round. */
export const createOwnerVehicles = (real: VehicleSource | undefined): VehicleSource => ({
  async list(subject) {
    if (isSimulatedSubject(subject))
      return DEMO_OWNERS.find((owner) => owner.subject === subject)?.vehicles ?? [];
    if (real === undefined) throw new VehicleSourceError('no source of vehicles is configured (vehiclesUrl)');
    return real.list(subject);
  },
});

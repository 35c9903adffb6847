import type { LeftOutVehicle } from '../../grants/read-vehicles.ts';
import type { Vehicle } from '../../grants/vehicle.ts';

/** The vehicles of an owner, in the order in which pages show them, and the entries of the list that are none. */
export type VehicleList = {
  readonly vehicles: readonly Vehicle[];
  readonly leftOut: readonly LeftOutVehicle[];
};

/** The source of an owner's vehicles: the platform's own records. */
export type VehicleSource = {
  /** Lists the vehicles of an owner. Throws `VehicleSourceError`. */
  list(subject: string): Promise<VehicleList>;
};

/** The source did not answer, or not in its format. Trying again may help. */
export class VehicleSourceError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'VehicleSourceError';
  }
}

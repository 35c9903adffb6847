import type { Vehicle } from '../../grants/vehicle.ts';

/** The source of an owner's vehicles: the platform's own records. */
export type VehicleSource = {
  /** Lists the vehicles of an owner, in the order in which pages show them. Throws `VehicleSourceError`. */
  list(subject: string): Promise<readonly Vehicle[]>;
};

/** The source did not answer, or not in its format. Trying again may help. */
export class VehicleSourceError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'VehicleSourceError';
  }
}

import type { Vehicle } from '../../grants/vehicle.ts';

/** Where the vehicles of an owner come from: the platform's own records. */
export type VehicleSource = {
  /** The vehicles of an owner, in the order in which they are shown. Throws `VehicleSourceError`. */
  list(subject: string): Promise<readonly Vehicle[]>;
};

/** The source could not say which vehicles an owner has; asking again may help. */
export class VehicleSourceError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'VehicleSourceError';
  }
}

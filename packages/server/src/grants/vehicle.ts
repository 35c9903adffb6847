/** How a vehicle is driven: petrol, electric, hybrid, plug-in hybrid, fuel cell. */
export const POWERTRAINS = ['GN', 'EV', 'HV', 'PE', 'FV', 'UNKNOWN'] as const;
export type Powertrain = (typeof POWERTRAINS)[number];

/** A vehicle, as a grant covers it. */
export type Vehicle = {
  /** A UUID, the same for every client. */
  readonly id: string;
  readonly vin: string;
  /** In lower case. */
  readonly make: string;
  readonly model: string;
  readonly year: number;
  /** The owner's name for it; may be empty. */
  readonly nickname: string;
  readonly powertrain: Powertrain;
};

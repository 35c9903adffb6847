/** What the tests of vehicle data share. */
import type { VehicleData } from './vehicle-data.ts';

/** Two kinds of data, one of which gives a scope that the other gives too. */
export const TRIPS_AND_CHARGE: VehicleData = {
  data: ['trips', 'charge'],
  purpose: 'Price a policy by the kilometre',
  until: 1_800_000_000,
  asked: {
    data: { trips: 'read_odometer read_location', charge: 'read_charge read_odometer' },
    until: 1_800_000_000,
    vehicles: undefined,
  },
};
export const ASKED_SCOPE = 'read_odometer read_location read_charge';

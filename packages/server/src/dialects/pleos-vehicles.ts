import { Refusal } from '../errors.ts';
import type { Vehicle } from '../grants/vehicle.ts';
import type { WireRequest } from './dialect.ts';

/**
 * The VIN that a withdrawal is for; `undefined` for that of every vehicle. Throws a `Refusal` for an empty one: taken for
 * none, a client's own mistake would withdraw everything.
 */
export const readVin = ({ query }: WireRequest): string | undefined => {
  const [vin, ...others] = new URLSearchParams(query).getAll('vin');
  if (vin === '') throw new Refusal('parameters_wrong', [{ field: 'vin', message: 'must not be empty' }]);
  if (others.length > 0)
    throw new Refusal('parameters_wrong', [{ field: 'vin', message: 'must be given once' }]);
  return vin;
};

/** Vehicles as the wire lists them. */
export const writeVehicles = (vehicles: readonly Vehicle[]): object => ({
  vehicles: vehicles.map(({ vin, nickname, model, powertrain }) => ({
    vin,
    nickname,
    name: model,
    type: powertrain,
    sellname: model,
  })),
});

import { describeLeftOut, readVehicles } from '../grants/read-vehicles.ts';
import type { Vehicle } from '../grants/vehicle.ts';
import { refuse } from './row-fault.ts';
import { isAbsent } from './row-text.ts';

const VEHICLES_MAX = 100;

/**
 * Parses the vehicles of a row: an array, or in CSV the JSON text of one. Throws `RowFault`. A row with an entry that is no
 * vehicle is refused as a whole: imported without it, the grant could not get the vehicle later.
 */
export const parseVehicles = (value: unknown): readonly Vehicle[] => {
  if (isAbsent(value)) return [];
  const list = typeof value === 'string' ? parseJson(value) : value;
  if (!Array.isArray(list) || list.length > VEHICLES_MAX) return refuse('vehicles_malformed');
  const { vehicles, leftOut } = readVehicles(list);
  const [first] = leftOut;
  return first === undefined ? vehicles : refuse('vehicle_malformed', { detail: describeLeftOut(first) });
};

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return refuse('vehicles_malformed');
  }
};

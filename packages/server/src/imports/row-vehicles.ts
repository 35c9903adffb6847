import { POWERTRAINS } from '../grants/vehicle.ts';
import type { Vehicle } from '../grants/vehicle.ts';
import { isUuid } from '../tokens/shape.ts';
import { refuse } from './row-fault.ts';
import { isAbsent, isText } from './row-text.ts';

const VEHICLES_MAX = 100;

/** Parses the vehicles of a row: an array, or in CSV the JSON text of one. Throws `RowFault`. */
export const parseVehicles = (value: unknown): readonly Vehicle[] => {
  if (isAbsent(value)) return [];
  const list = typeof value === 'string' ? parseJson(value) : value;
  if (!Array.isArray(list) || list.length > VEHICLES_MAX) return refuse('vehicles_malformed');
  const vehicles = list.map(parseVehicle);
  const hasDuplicates = new Set(vehicles.map(({ id }) => id)).size < vehicles.length;
  return hasDuplicates ? refuse('vehicles_malformed') : vehicles;
};

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return refuse('vehicles_malformed');
  }
};

const parseVehicle = (value: unknown): Vehicle => {
  if (typeof value !== 'object' || value === null) return refuse('vehicles_malformed');
  const {
    id,
    vin,
    make,
    model,
    year,
    nickname = '',
    powertrain = 'UNKNOWN',
  } = value as Record<string, unknown>;
  const drive = POWERTRAINS.find((one) => one === powertrain);
  const isYear = typeof year === 'number' && Number.isInteger(year) && year >= 1886 && year <= 9999;
  const isNamed = [vin, make, model].every((name) => isText(name) && name !== '');
  if (
    typeof id !== 'string' ||
    !isUuid(id) ||
    !isYear ||
    !isNamed ||
    !isText(nickname) ||
    drive === undefined
  )
    return refuse('vehicles_malformed');
  const names = { vin: String(vin), make: String(make).toLowerCase(), model: String(model) };
  return { id, ...names, year, nickname, powertrain: drive };
};

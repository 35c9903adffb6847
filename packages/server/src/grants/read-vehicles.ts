import { isUuid } from '../tokens/shape.ts';
import { POWERTRAINS } from './vehicle.ts';
import type { Vehicle } from './vehicle.ts';

const CAUSES = {
  object: 'not an object',
  id: 'id is not a UUID',
  vin: 'vin is not 17 letters and digits without I, O and Q',
  make: 'make is missing or too long',
  year: 'year is not a year',
  repeated: 'the vehicle is listed before',
  beyond: 'the list is too long',
  contradictory: 'another entry has the same id with another VIN, or the same VIN with another id',
} as const;

/** An entry of a list that is no vehicle: where it is, and what is wrong with it. Carries no value, because that belongs to its owner. */
export type LeftOutVehicle = {
  readonly index: number;
  readonly cause: keyof typeof CAUSES;
};

/** Names an entry by its position and what is wrong with it. */
export const describeLeftOut = ({ index, cause }: LeftOutVehicle): string =>
  `vehicles[${index}]: ${CAUSES[cause]}`;

const VIN = /^[A-HJ-NPR-Z0-9]{17}$/;
const MAKE_MAX_CHARACTERS = 50;
const NAME_MAX_CHARACTERS = 100;
const YEAR_MIN = 1886;
const YEAR_MAX = 2200;
// oxlint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/g;

/**
 * Reads a list of vehicles that another system wrote. `null` is like a missing member, and an unknown powertrain is
 * `UNKNOWN`. Model, nickname and powertrain never make an entry invalid. Each entry that is no vehicle is left out:
 * also one that repeats another, and all that contradict each other (one id with two VINs, or one VIN with two ids).
 */
export const readVehicles = (
  list: readonly unknown[],
): { readonly vehicles: readonly Vehicle[]; readonly leftOut: readonly LeftOutVehicle[] } => {
  const read = list.map(readVehicle);
  const all = read.filter((one) => typeof one !== 'string');
  const vehicles: Vehicle[] = [];
  const leftOut: LeftOutVehicle[] = [];
  for (const [index, one] of read.entries()) {
    const cause = typeof one === 'string' ? one : compare(one, all, vehicles);
    if (cause !== undefined) leftOut.push({ index, cause });
    else if (typeof one !== 'string') vehicles.push(one);
  }
  return { vehicles, leftOut };
};

const compare = (
  one: Vehicle,
  all: readonly Vehicle[],
  before: readonly Vehicle[],
): LeftOutVehicle['cause'] | undefined => {
  if (all.some(({ id, vin }) => (id === one.id) !== (vin === one.vin))) return 'contradictory';
  return before.some(({ id }) => id === one.id) ? 'repeated' : undefined;
};

const readVehicle = (value: unknown): Vehicle | LeftOutVehicle['cause'] => {
  if (typeof value !== 'object' || value === null) return 'object';
  const fields = value as Readonly<Record<string, unknown>>;
  const id = readText(fields['id']).toLowerCase();
  const vin = readText(fields['vin']).toUpperCase();
  const make = readText(fields['make']).toLowerCase();
  const year = readYear(fields['year']);
  if (!isUuid(id)) return 'id';
  if (!VIN.test(vin)) return 'vin';
  if (make === '' || make.length > MAKE_MAX_CHARACTERS) return 'make';
  if (year === undefined) return 'year';
  const drive = readText(fields['powertrain']).toUpperCase();
  return {
    id,
    vin,
    make,
    model: cut(readText(fields['model'])),
    year,
    nickname: cut(readText(fields['nickname'])),
    powertrain: POWERTRAINS.find((name) => name === drive) ?? 'UNKNOWN',
  };
};

const readText = (value: unknown): string =>
  typeof value === 'string' ? value.replaceAll(CONTROL, ' ').trim() : '';

/** Keeps whole characters, where one may be two UTF-16 units. */
const cut = (text: string): string =>
  text.length <= NAME_MAX_CHARACTERS ? text : Array.from(text).slice(0, NAME_MAX_CHARACTERS).join('');

const readYear = (value: unknown): number | undefined => {
  const year = typeof value === 'string' && /^\s*\d{4}\s*$/.test(value) ? Number(value) : value;
  const isYear = typeof year === 'number' && Number.isInteger(year) && year >= YEAR_MIN && year <= YEAR_MAX;
  return isYear ? year : undefined;
};

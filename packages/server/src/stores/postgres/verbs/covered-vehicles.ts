import { POWERTRAINS } from '../../../grants/vehicle.ts';
import type { Vehicle } from '../../../grants/vehicle.ts';
import type { GrantId } from '../../../tokens/grant-id.ts';
import { damaged } from './rows.ts';
import type { Query, Row, Transaction, Value } from '../connection/transaction.ts';

const WRITE = `WITH gone AS (DELETE FROM covered_vins WHERE grant_id = $1 AND vin <> ALL($3::text[])),
  added AS (INSERT INTO covered_vins (vin, grant_id) SELECT vin, $1::bigint FROM unnest($3::text[]) AS v (vin) ON CONFLICT DO NOTHING)
  INSERT INTO covered_vehicles (grant_id, vehicles) VALUES ($1, $2)
  ON CONFLICT (grant_id) DO UPDATE SET vehicles = excluded.vehicles`;

/** Inside a transaction that has locked the grant. */
export const writeVehicles = ({ write }: Transaction, id: GrantId, vehicles: readonly Vehicle[]): void => {
  const ordered = [...vehicles].sort((left, right) => (left.id < right.id ? -1 : 1));
  write(WRITE, [id, JSON.stringify(ordered), vinsOf(vehicles)]);
};

/** Each VIN once. */
export const vinsOf = (vehicles: readonly Vehicle[]): readonly string[] => [
  ...new Set(vehicles.map(({ vin }) => vin)),
];

/** What a grant covers, in the order of ids. */
export const listVehicles = async (query: Query, id: GrantId): Promise<readonly Vehicle[]> => {
  const [row] = await query('SELECT vehicles FROM covered_vehicles WHERE grant_id = $1', [id]);
  return row === undefined ? [] : parseVehicles(row['vehicles']);
};

/** What each of these grants covers; one that covers nothing may be missing. */
export const listVehiclesOf = async (
  query: Query,
  ids: readonly GrantId[],
): Promise<ReadonlyMap<GrantId, readonly Vehicle[]>> => {
  const rows = await query(
    'SELECT grant_id, vehicles FROM covered_vehicles WHERE grant_id = ANY($1::bigint[])',
    [ids],
  );
  return new Map(rows.map((row) => [BigInt(String(row['grant_id'])), parseVehicles(row['vehicles'])]));
};

/** From one JSON array. */
export const parseVehicles = (text: Value): readonly Vehicle[] =>
  (JSON.parse(String(text)) as Row[]).map(toVehicle);

const toVehicle = (value: Row): Vehicle => ({
  id: String(value['id']),
  vin: String(value['vin']),
  make: String(value['make']),
  model: String(value['model']),
  year: Number(value['year']),
  nickname: String(value['nickname']),
  powertrain:
    POWERTRAINS.find((one) => one === value['powertrain']) ?? damaged('covered_vehicles.powertrain'),
});

import type { DatabaseSync } from 'node:sqlite';
import { POWERTRAINS } from '../../grants/vehicle.ts';
import type { Vehicle } from '../../grants/vehicle.ts';
import type { GrantId } from '../../tokens/grant-id.ts';
import { damaged } from './rows.ts';
import type { Row } from './rows.ts';

/** What grants cover, one row per vehicle. Writes run inside the open transaction. */
export const createCoveredVehicles = (database: DatabaseSync) => {
  const insert = database.prepare(
    `INSERT INTO vehicles (grant_id, id, vin, make, model, year, nickname, powertrain)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const select = database.prepare(
    'SELECT id, vin, make, model, year, nickname, powertrain FROM vehicles WHERE grant_id = ? ORDER BY id',
  );
  const removeAll = database.prepare('DELETE FROM vehicles WHERE grant_id = ?');
  return {
    list: (grantId: GrantId): readonly Vehicle[] => select.all(grantId).map(toVehicle),
    /** Makes these what the grant covers. */
    replace(grantId: GrantId, vehicles: readonly Vehicle[]): void {
      removeAll.run(grantId);
      for (const { id, vin, make, model, year, nickname, powertrain } of vehicles)
        insert.run(grantId, id, vin, make, model, year, nickname, powertrain);
    },
  };
};

export type CoveredVehicles = ReturnType<typeof createCoveredVehicles>;

/** A vehicle from a row of `vehicles`. */
export const toVehicle = (row: Row): Vehicle => ({
  id: String(row['id']),
  vin: String(row['vin']),
  make: String(row['make']),
  model: String(row['model']),
  year: Number(row['year']),
  nickname: String(row['nickname']),
  powertrain: POWERTRAINS.find((one) => one === row['powertrain']) ?? damaged('vehicles.powertrain'),
});

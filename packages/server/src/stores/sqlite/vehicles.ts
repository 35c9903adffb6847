import type { DatabaseSync } from 'node:sqlite';
import { toSeconds } from '../../clock.ts';
import type { Grant } from '../../grants/grant.ts';
import type { AuditContext } from '../../grants/grant-store.ts';
import type { Store } from '../../grants/store.ts';
import { POWERTRAINS } from '../../grants/vehicle.ts';
import type { Vehicle } from '../../grants/vehicle.ts';
import type { GrantId } from '../../tokens/grant-id.ts';
import type { GrantEvents } from './grant-events.ts';
import type { GrantRows } from './grant-rows.ts';
import { damaged } from './rows.ts';
import type { Row } from './rows.ts';
import type { Connection } from './store.ts';

/** What grants cover, a row for each vehicle. */
export const createCoveredVehicles = (database: DatabaseSync) => {
  const insert = database.prepare(
    `INSERT INTO vehicles (grant_id, id, vin, make, model, year, nickname, powertrain)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const select = database.prepare(
    'SELECT id, vin, make, model, year, nickname, powertrain FROM vehicles WHERE grant_id = ? ORDER BY id',
  );
  const remove = database.prepare('DELETE FROM vehicles WHERE grant_id = ? AND id = ?');
  return {
    /** Inside the running transaction. */
    add(grantId: GrantId, { id, vin, make, model, year, nickname, powertrain }: Vehicle): void {
      insert.run(grantId, id, vin, make, model, year, nickname, powertrain);
    },
    remove: (grantId: GrantId, id: string): void => void remove.run(grantId, id),
    list: (grantId: GrantId): readonly Vehicle[] => select.all(grantId).map(toVehicle),
  };
};

export type CoveredVehicles = ReturnType<typeof createCoveredVehicles>;

type VehicleVerbs = Pick<Store, 'listVehicles' | 'selectVehicles' | 'disconnectVehicles'>;

/** What owners choose and take back. */
export const createVehicleVerbs = (
  { commits, read }: Connection,
  { rows, vehicles, grantEvents }: { rows: GrantRows; vehicles: CoveredVehicles; grantEvents: GrantEvents },
): VehicleVerbs => {
  /** Keeps what changed as a grant event. */
  const tell = (
    kind: 'vehicles.connected' | 'vehicles.disconnected',
    { id: grantId, clientId, subject }: Grant,
    which: readonly Vehicle[],
    { nowMs: atMs, requestId }: AuditContext,
  ): void => {
    if (which.length === 0) return;
    const vins = which.map(({ vin }) => vin);
    grantEvents.add({ atMs, kind, grantId, clientId, subject, requestId, cause: undefined, vins });
  };

  return {
    listVehicles: (id) => read(() => vehicles.list(id)),
    selectVehicles: (id, chosen, auditContext) =>
      commits.run(() => {
        const grant = rows.read(id);
        if (grant === undefined) return 'unknown';
        if (grant.revocation !== undefined) return 'revoked';
        const before = vehicles.list(id);
        for (const vehicle of before) vehicles.remove(id, vehicle.id);
        for (const vehicle of chosen) vehicles.add(id, vehicle);
        tell('vehicles.disconnected', grant, without(before, chosen), auditContext);
        tell('vehicles.connected', grant, without(chosen, before), auditContext);
        return 'selected';
      }),
    disconnectVehicles: (id, vehicleIds, { endsWhenEmpty, ...auditContext }) =>
      commits.run(() => {
        const grant = rows.read(id);
        if (grant === undefined) return 'unknown';
        const before = vehicles.list(id);
        const gone = before.filter((one) => vehicleIds === 'all' || vehicleIds.includes(one.id));
        for (const vehicle of gone) vehicles.remove(id, vehicle.id);
        tell('vehicles.disconnected', grant, gone, auditContext);
        const isOver = endsWhenEmpty && gone.length > 0 && gone.length === before.length;
        const isRevoked = isOver && grant.revocation === undefined;
        const at = toSeconds(auditContext.nowMs);
        if (isRevoked) rows.revoke(grant, { at, cause: 'disconnected' }, auditContext);
        return { disconnected: gone, isRevoked };
      }),
  };
};

/** Those of a list that are not in the other. */
const without = (list: readonly Vehicle[], others: readonly Vehicle[]): readonly Vehicle[] =>
  list.filter((one) => !others.some((other) => other.id === one.id));

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

import { toSeconds } from '../../clock.ts';
import type { Grant } from '../../grants/grant.ts';
import type { Occasion, Store } from '../../grants/store.ts';
import { POWERTRAINS } from '../../grants/vehicle.ts';
import type { Vehicle } from '../../grants/vehicle.ts';
import type { GrantId } from '../../tokens/grant-id.ts';
import { addFacts } from './facts.ts';
import { lockGrant, revokeHeld } from './grant-rows.ts';
import type { Connections } from './pool.ts';
import { damaged } from './rows.ts';
import type { Ask, Transaction } from './transaction.ts';

type VehicleVerbs = Pick<Store, 'listVehicles' | 'selectVehicles' | 'disconnectVehicles'>;

const WRITE = `INSERT INTO covered_vehicles (grant_id, vehicles) VALUES ($1, $2)
  ON CONFLICT (grant_id) DO UPDATE SET vehicles = excluded.vehicles`;

/** What owners choose and take back. */
export const createVehicleVerbs = ({ read, transact }: Connections): VehicleVerbs => ({
  listVehicles: (id) => listVehicles(read, id),
  selectVehicles: (id, chosen, occasion) =>
    transact(async (transaction) => {
      const [grant, before] = await Promise.all([
        lockGrant(transaction.ask, id),
        listVehicles(transaction.ask, id),
      ]);
      if (grant === undefined) return 'unknown';
      if (grant.revocation !== undefined) return 'revoked';
      writeVehicles(transaction, id, chosen);
      const isIn = (list: readonly Vehicle[], one: Vehicle) => list.some((other) => other.id === one.id);
      const gone = before.filter((one) => !isIn(chosen, one));
      const added = chosen.filter((one) => !isIn(before, one));
      tell(transaction, grant, occasion, { gone, added });
      return 'selected';
    }),
  disconnectVehicles: (id, vehicleIds, { endsWhenEmpty, ...occasion }) =>
    transact(async (transaction) => {
      const [grant, before] = await Promise.all([
        lockGrant(transaction.ask, id),
        listVehicles(transaction.ask, id),
      ]);
      if (grant === undefined) return 'unknown';
      const isGone = ({ id: one }: Vehicle) => vehicleIds === 'all' || vehicleIds.includes(one);
      const gone = before.filter(isGone);
      if (gone.length > 0)
        writeVehicles(
          transaction,
          id,
          before.filter((one) => !isGone(one)),
        );
      tell(transaction, grant, occasion, { gone, added: [] });
      const isOver = endsWhenEmpty && gone.length > 0 && gone.length === before.length;
      const isRevoked = isOver && grant.revocation === undefined;
      const at = toSeconds(occasion.nowMs);
      if (isRevoked) revokeHeld(transaction, grant, { at, cause: 'disconnected' }, occasion);
      return { disconnected: gone, isRevoked };
    }),
});

/** Inside a transaction that holds the grant. */
export const writeVehicles = ({ write }: Transaction, id: GrantId, vehicles: readonly Vehicle[]): void => {
  const ordered = [...vehicles].sort((left, right) => (left.id < right.id ? -1 : 1));
  write(WRITE, [id, JSON.stringify(ordered)]);
};

const listVehicles = async (ask: Ask, id: GrantId): Promise<readonly Vehicle[]> => {
  const [row] = await ask('SELECT vehicles FROM covered_vehicles WHERE grant_id = $1', [id]);
  if (row === undefined) return [];
  return (JSON.parse(String(row['vehicles'])) as Record<string, unknown>[]).map(toVehicle);
};

/** Keeps what changed as facts. */
const tell = (
  transaction: Transaction,
  { id: grantId, clientId, subject }: Grant,
  { nowMs: atMs, requestId }: Occasion,
  { gone, added }: { readonly gone: readonly Vehicle[]; readonly added: readonly Vehicle[] },
): void => {
  const fact = { atMs, grantId, clientId, subject, requestId, cause: undefined };
  const vinsOf = (vehicles: readonly Vehicle[]) => vehicles.map(({ vin }) => vin);
  addFacts(transaction, [
    ...(gone.length === 0 ? [] : [{ ...fact, kind: 'vehicles.disconnected' as const, vins: vinsOf(gone) }]),
    ...(added.length === 0 ? [] : [{ ...fact, kind: 'vehicles.connected' as const, vins: vinsOf(added) }]),
  ]);
};

const toVehicle = (value: Record<string, unknown>): Vehicle => ({
  id: String(value['id']),
  vin: String(value['vin']),
  make: String(value['make']),
  model: String(value['model']),
  year: Number(value['year']),
  nickname: String(value['nickname']),
  powertrain: POWERTRAINS.find((one) => one === value['powertrain']) ?? damaged('covered_vehicles.powertrain'),
});

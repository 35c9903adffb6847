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
import type { Ask, Row, Transaction } from './transaction.ts';

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
      const [gone, added] = [without(before, chosen), without(chosen, before)];
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
      const gone = before.filter((one) => vehicleIds === 'all' || vehicleIds.includes(one.id));
      if (gone.length > 0) writeVehicles(transaction, id, without(before, gone));
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
  return (JSON.parse(String(row['vehicles'])) as Row[]).map(toVehicle);
};

/** Keeps what changed as facts. */
const tell = (
  transaction: Transaction,
  { id: grantId, clientId, subject }: Grant,
  { nowMs: atMs, requestId }: Occasion,
  { gone, added }: { readonly gone: readonly Vehicle[]; readonly added: readonly Vehicle[] },
): void => {
  const fact = { atMs, grantId, clientId, subject, requestId, cause: undefined };
  addFacts(transaction, [
    ...(gone.length === 0 ? [] : [{ ...fact, kind: 'vehicles.disconnected' as const, vins: vinsOf(gone) }]),
    ...(added.length === 0 ? [] : [{ ...fact, kind: 'vehicles.connected' as const, vins: vinsOf(added) }]),
  ]);
};

/** Those of the first that are not among the others. */
const without = (vehicles: readonly Vehicle[], others: readonly Vehicle[]): readonly Vehicle[] =>
  vehicles.filter((one) => !others.some((other) => other.id === one.id));

const vinsOf = (vehicles: readonly Vehicle[]): readonly string[] => vehicles.map(({ vin }) => vin);

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

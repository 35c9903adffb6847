import { toSeconds } from '../../clock.ts';
import type { Grant } from '../../grants/grant.ts';
import type { Occasion, Store } from '../../grants/store.ts';
import type { Vehicle } from '../../grants/vehicle.ts';
import { listVehicles, writeVehicles } from './covered-vehicles.ts';
import { addFacts } from './facts.ts';
import { lockGrant, revokeHeld } from './grant-rows.ts';
import type { Connections } from './pool.ts';
import type { Transaction } from './transaction.ts';

type VehicleVerbs = Pick<Store, 'listVehicles' | 'selectVehicles' | 'disconnectVehicles'>;

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
      await tell(transaction, grant, occasion, { gone, added });
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
      await tell(transaction, grant, occasion, { gone, added: [] });
      const isOver = endsWhenEmpty && gone.length > 0 && gone.length === before.length;
      const isRevoked = isOver && grant.revocation === undefined;
      const at = toSeconds(occasion.nowMs);
      if (isRevoked) await revokeHeld(transaction, grant, { at, cause: 'disconnected' }, occasion);
      return { disconnected: gone, isRevoked };
    }),
});

/** Keeps what changed as facts. */
const tell = async (
  transaction: Transaction,
  { id: grantId, clientId, subject }: Grant,
  { nowMs: atMs, requestId }: Occasion,
  { gone, added }: { readonly gone: readonly Vehicle[]; readonly added: readonly Vehicle[] },
): Promise<void> => {
  const fact = { atMs, grantId, clientId, subject, requestId, cause: undefined };
  await addFacts(transaction, [
    ...(gone.length === 0 ? [] : [{ ...fact, kind: 'vehicles.disconnected' as const, vins: vinsOf(gone) }]),
    ...(added.length === 0 ? [] : [{ ...fact, kind: 'vehicles.connected' as const, vins: vinsOf(added) }]),
  ]);
};

/** Those of the first that are not among the others. */
const without = (vehicles: readonly Vehicle[], others: readonly Vehicle[]): readonly Vehicle[] =>
  vehicles.filter((one) => !others.some((other) => other.id === one.id));

const vinsOf = (vehicles: readonly Vehicle[]): readonly string[] => vehicles.map(({ vin }) => vin);

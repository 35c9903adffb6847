import { toSeconds } from '../../../clock.ts';
import type { Grant } from '../../../grants/grant.ts';
import type { AuditContext } from '../../../grants/grant-store.ts';
import type { Store } from '../../../grants/store.ts';
import type { Vehicle } from '../../../grants/vehicle.ts';
import { listVehicles, writeVehicles } from './covered-vehicles.ts';
import { addGrantEvents } from './grant-events.ts';
import { lockGrant, revokeLocked } from './grant-rows.ts';
import type { Connections } from '../connection/pool.ts';
import type { Transaction } from '../connection/transaction.ts';

type VehicleVerbs = Pick<Store, 'listVehicles' | 'selectVehicles' | 'disconnectVehicles'>;

/** What owners choose and take back. */
export const createVehicleVerbs = ({ read, transact }: Connections): VehicleVerbs => ({
  listVehicles: (id) => listVehicles(read, id),
  selectVehicles: (id, chosen, auditContext) =>
    transact(async (transaction) => {
      const [grant, before] = await Promise.all([
        lockGrant(transaction.query, id),
        listVehicles(transaction.query, id),
      ]);
      if (grant === undefined) return 'unknown';
      if (grant.revocation !== undefined) return 'revoked';
      writeVehicles(transaction, id, chosen);
      const [gone, added] = [without(before, chosen), without(chosen, before)];
      await tell(transaction, grant, auditContext, { gone, added });
      return 'selected';
    }),
  disconnectVehicles: (id, vehicleIds, { endsWhenEmpty, ...auditContext }) =>
    transact(async (transaction) => {
      const [grant, before] = await Promise.all([
        lockGrant(transaction.query, id),
        listVehicles(transaction.query, id),
      ]);
      if (grant === undefined) return 'unknown';
      const gone = before.filter((one) => vehicleIds === 'all' || vehicleIds.includes(one.id));
      if (gone.length > 0) writeVehicles(transaction, id, without(before, gone));
      await tell(transaction, grant, auditContext, { gone, added: [] });
      const isOver = endsWhenEmpty && gone.length > 0 && gone.length === before.length;
      const isRevoked = isOver && grant.revocation === undefined;
      const at = toSeconds(auditContext.nowMs);
      if (isRevoked) await revokeLocked(transaction, grant, { at, cause: 'disconnected' }, auditContext);
      return { disconnected: gone, isRevoked };
    }),
});

/** Keeps what changed as grant events. */
const tell = async (
  transaction: Transaction,
  { id: grantId, clientId, subject }: Grant,
  { nowMs: atMs, requestId }: AuditContext,
  { gone, added }: { readonly gone: readonly Vehicle[]; readonly added: readonly Vehicle[] },
): Promise<void> => {
  const grantEvent = { atMs, grantId, clientId, subject, requestId, cause: undefined };
  await addGrantEvents(transaction, [
    ...(gone.length === 0
      ? []
      : [{ ...grantEvent, kind: 'vehicles.disconnected' as const, vins: vinsOf(gone) }]),
    ...(added.length === 0
      ? []
      : [{ ...grantEvent, kind: 'vehicles.connected' as const, vins: vinsOf(added) }]),
  ]);
};

/** Those of the first that are not among the others. */
const without = (vehicles: readonly Vehicle[], others: readonly Vehicle[]): readonly Vehicle[] =>
  vehicles.filter((one) => !others.some((other) => other.id === one.id));

const vinsOf = (vehicles: readonly Vehicle[]): readonly string[] => vehicles.map(({ vin }) => vin);

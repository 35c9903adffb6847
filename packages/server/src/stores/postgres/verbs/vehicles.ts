import type { ConsentStore } from '../../../grants/consent-store.ts';
import { decideDisconnection, decideSelection } from '../../../grants/decide-vehicles.ts';
import type { Connections } from '../connection/pool.ts';
import { listVehicles, writeVehicles } from './covered-vehicles.ts';
import { addGrantEvents } from './grant-events.ts';
import { lockGrantWithVehicles, writeRevocation } from './grant-rows.ts';

type VehicleVerbs = Pick<ConsentStore, 'listVehicles' | 'selectVehicles' | 'disconnectVehicles'>;

/** What owners choose, and what they take back. */
export const createVehicleVerbs = ({ read, transact }: Connections): VehicleVerbs => ({
  listVehicles: (id) => listVehicles(read, id),
  selectVehicles: (id, chosen, auditContext) =>
    transact(async (transaction) => {
      const { grant, vehicles } = await lockGrantWithVehicles(transaction.query, id);
      const decision = decideSelection(grant, vehicles, chosen, auditContext);
      if (typeof decision === 'string') return decision;
      writeVehicles(transaction, id, decision.covered);
      await addGrantEvents(transaction, decision.grantEvents);
      return 'selected';
    }),
  disconnectVehicles: (id, vehicleIds, auditContext) =>
    transact(async (transaction) => {
      const locked = await lockGrantWithVehicles(transaction.query, id);
      const decision = decideDisconnection(locked.grant, locked.vehicles, vehicleIds, auditContext);
      if (decision === 'unknown') return decision;
      const { grant, grantEvents, disconnected, covered, isRevoked } = decision;
      if (disconnected.length > 0) writeVehicles(transaction, id, covered);
      if (isRevoked) writeRevocation(transaction, grant);
      await addGrantEvents(transaction, grantEvents);
      return { disconnected, isRevoked };
    }),
});

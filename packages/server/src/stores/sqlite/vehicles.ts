import { decideDisconnection, decideSelection } from '../../grants/decide-vehicles.ts';
import type { ConsentStore } from '../../grants/consent-store.ts';
import type { Connection } from './connection.ts';
import type { CoveredVehicles } from './covered-vehicles.ts';
import type { GrantEvents } from './grant-events.ts';
import type { GrantRows } from './grant-rows.ts';

type VehicleVerbs = Pick<ConsentStore, 'listVehicles' | 'selectVehicles' | 'disconnectVehicles'>;

/** What owners choose, and what they take back. */
export const createVehicleVerbs = (
  { commits, read }: Connection,
  { rows, vehicles, grantEvents }: { rows: GrantRows; vehicles: CoveredVehicles; grantEvents: GrantEvents },
): VehicleVerbs => ({
  listVehicles: (id) => read(() => vehicles.list(id)),
  selectVehicles: (id, chosen, auditContext) =>
    commits.run(() => {
      const decision = decideSelection(rows.read(id), vehicles.list(id), chosen, auditContext);
      if (typeof decision === 'string') return decision;
      vehicles.replace(id, decision.covered);
      grantEvents.addAll(decision.grantEvents);
      return 'selected';
    }),
  disconnectVehicles: (id, vehicleIds, auditContext) =>
    commits.run(() => {
      const decision = decideDisconnection(rows.read(id), vehicles.list(id), vehicleIds, auditContext);
      if (decision === 'unknown') return decision;
      const { grant, grantEvents: events, disconnected, covered, isRevoked } = decision;
      if (disconnected.length > 0) vehicles.replace(id, covered);
      if (isRevoked) rows.writeRevocation(grant);
      grantEvents.addAll(events);
      return { disconnected, isRevoked };
    }),
});

import type { DatabaseSync } from 'node:sqlite';
import type { ConsentStore, Withdrawn } from '../../grants/consent-store.ts';
import { decideVehicleData } from '../../grants/decide-vehicle-data.ts';
import { decideDisconnection, decideSelection } from '../../grants/decide-vehicles.ts';
import type { Disconnection } from '../../grants/decide-vehicles.ts';
import { decideWithdrawal } from '../../grants/decide-withdrawal.ts';
import type { Withdrawal } from '../../grants/decide-withdrawal.ts';
import { UNDOABLE_CAUSES } from '../../grants/grant.ts';
import type { GrantId } from '../../tokens/grant-id.ts';
import { vehicleMark } from '../copy/row-form.ts';
import type { Connection } from './connection.ts';
import type { CoveredVehicles } from './covered-vehicles.ts';
import type { GrantEvents } from './grant-events.ts';
import type { GrantRows } from './grant-rows.ts';
import { GRANT_ID_TEXT, toGrantId } from './rows.ts';

type VehicleVerbs = Pick<
  ConsentStore,
  'listVehicles' | 'selectVehicles' | 'changeVehicleData' | 'disconnectVehicles' | 'withdraw'
>;

const UNDOABLE = UNDOABLE_CAUSES.map((cause) => `'${cause}'`).join(', ');

const prepareStatements = (database: DatabaseSync) => ({
  listConsents: database.prepare(`SELECT ${GRANT_ID_TEXT('grants.id')} AS id
    FROM consents JOIN grants ON grants.id = consents.grant_id
    WHERE consents.subject = ? AND grants.client_number = (SELECT number FROM clients WHERE id = ?)
      AND (grants.revoked_at_ms IS NULL OR grants.revocation_cause IN (${UNDOABLE})) ORDER BY grants.id`),
  dropCodes: database.prepare(`DELETE FROM codes WHERE subject = ? AND client_id = ? AND brand IS ?
    AND redeemed_at_ms IS NULL AND instr(vehicles, ?) > 0`),
});

/** What owners choose, and what they take back. */
export const createVehicleVerbs = (
  { database, commits, read }: Connection,
  { rows, vehicles, grantEvents }: { rows: GrantRows; vehicles: CoveredVehicles; grantEvents: GrantEvents },
): VehicleVerbs => {
  const sql = prepareStatements(database);

  /** Writes what a decision takes from a grant. */
  const take = (id: GrantId, change: Disconnection): Withdrawn => {
    const { grant, grantEvents: events, disconnected, covered, isRevoked } = change;
    if (disconnected.length > 0) vehicles.replace(id, covered);
    if (isRevoked) rows.writeRevocation(grant);
    grantEvents.addAll(events);
    return { grantId: id, disconnected, isRevoked };
  };

  const listCandidates = ({ sharing: { subject, clientId } }: Withdrawal) =>
    sql.listConsents.all(subject, clientId).flatMap((row) => {
      const id = toGrantId(row['id']);
      const grant = rows.read(id);
      return grant === undefined ? [] : [{ grant, vehicles: vehicles.list(id) }];
    });

  return {
    listVehicles: (id) => read(() => vehicles.list(id)),
    selectVehicles: (id, chosen, auditContext) =>
      commits.run(() => {
        const decision = decideSelection(rows.read(id), vehicles.list(id), chosen, auditContext);
        if (typeof decision === 'string') return decision;
        vehicles.replace(id, decision.covered);
        grantEvents.addAll(decision.grantEvents);
        return 'selected';
      }),
    changeVehicleData: (id, choice, auditContext) =>
      commits.run(() => {
        const decision = decideVehicleData(rows.read(id), choice, auditContext);
        if (typeof decision === 'string') return decision;
        rows.writeVehicleData(decision.grant);
        grantEvents.addAll(decision.grantEvents);
        return 'changed';
      }),
    disconnectVehicles: (id, vehicleIds, auditContext) =>
      commits.run(() => {
        const decision = decideDisconnection(rows.read(id), vehicles.list(id), vehicleIds, auditContext);
        if (decision === 'unknown') return decision;
        const { disconnected, isRevoked } = take(id, decision);
        return { disconnected, isRevoked };
      }),
    withdraw: (withdrawal, auditContext) =>
      commits.run(() => {
        const { sharing, vehicleId } = withdrawal;
        const { subject, clientId, brand = null } = sharing;
        sql.dropCodes.run(subject, clientId, brand, vehicleMark(vehicleId));
        const changes = decideWithdrawal(listCandidates(withdrawal), withdrawal, auditContext);
        return changes.map((change) => take(change.grant.id, change));
      }),
  };
};

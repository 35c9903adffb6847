import type { ConsentStore } from '../../../grants/consent-store.ts';
import { decideVehicleData } from '../../../grants/decide-vehicle-data.ts';
import { decideDisconnection, decideSelection } from '../../../grants/decide-vehicles.ts';
import type { Disconnection } from '../../../grants/decide-vehicles.ts';
import { decideWithdrawal } from '../../../grants/decide-withdrawal.ts';
import type { CoveringGrant, Withdrawal } from '../../../grants/decide-withdrawal.ts';
import { UNDOABLE_CAUSES } from '../../../grants/grant.ts';
import { digestSubject, vehicleMark } from '../../copy/row-form.ts';
import type { Connections } from '../connection/pool.ts';
import type { Query, Transaction } from '../connection/transaction.ts';
import { listVehicles, listVehiclesOf, writeVehicles } from './covered-vehicles.ts';
import { addGrantEvents } from './grant-events.ts';
import { lockGrant, lockGrantWithVehicles, writeGrantData, writeRevocation } from './grant-rows.ts';
import { canBeText, GRANT_COLUMNS, toGrant } from './rows.ts';

type VehicleVerbs = Pick<
  ConsentStore,
  'listVehicles' | 'selectVehicles' | 'changeVehicleData' | 'disconnectVehicles' | 'withdraw'
>;

/** Nobody but the owner waits for it, and a removal must not fail because there is much to remove. */
const TIMEOUT_MS = 60_000;

const DROP_CODES = `DELETE FROM codes WHERE subject = $1 AND client_id = $2 AND brand IS NOT DISTINCT FROM $3
  AND redeemed_at_ms IS NULL AND strpos(vehicles, $4) > 0`;

/** In the order of ids, so that two withdrawals never wait for each other. */
const UNDOABLE = UNDOABLE_CAUSES.map((cause) => `'${cause}'`).join(', ');

const LOCK_CONSENTS = `SELECT ${GRANT_COLUMNS} FROM consents AS c JOIN grants AS g ON g.id = c.grant_id
  WHERE c.subject_digest = $1 AND g.client_id = $2 AND (g.revoked_at_ms IS NULL OR g.revocation_cause IN (${UNDOABLE}))
  ORDER BY g.id FOR UPDATE OF g`;

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
  changeVehicleData: (id, choice, auditContext) =>
    transact(async (transaction) => {
      const decision = decideVehicleData(await lockGrant(transaction.query, id), choice, auditContext);
      if (typeof decision === 'string') return decision;
      writeGrantData(transaction, decision.grant);
      await addGrantEvents(transaction, decision.grantEvents);
      return 'changed';
    }),
  disconnectVehicles: (id, vehicleIds, auditContext) =>
    transact(async (transaction) => {
      const locked = await lockGrantWithVehicles(transaction.query, id);
      const decision = decideDisconnection(locked.grant, locked.vehicles, vehicleIds, auditContext);
      if (decision === 'unknown') return decision;
      writeDisconnection(transaction, decision);
      await addGrantEvents(transaction, decision.grantEvents);
      return { disconnected: decision.disconnected, isRevoked: decision.isRevoked };
    }),
  async withdraw(withdrawal, auditContext) {
    const { subject, clientId, brand = '' } = withdrawal.sharing;
    if (![subject, clientId, brand, withdrawal.vehicleId ?? ''].every(canBeText)) return [];
    return transact(
      async (transaction) => {
        await dropCodes(transaction, withdrawal);
        const candidates = await lockCandidates(transaction.query, withdrawal);
        const changes = decideWithdrawal(candidates, withdrawal, auditContext);
        for (const change of changes) writeDisconnection(transaction, change);
        await addGrantEvents(
          transaction,
          changes.flatMap(({ grantEvents }) => grantEvents),
        );
        return changes.map(({ grant, disconnected, isRevoked }) => ({
          grantId: grant.id,
          disconnected,
          isRevoked,
        }));
      },
      { timeoutMs: TIMEOUT_MS },
    );
  },
});

const writeDisconnection = (
  transaction: Transaction,
  { grant, disconnected, covered, isRevoked }: Disconnection,
): void => {
  if (disconnected.length > 0) writeVehicles(transaction, grant.id, covered);
  if (isRevoked) writeRevocation(transaction, grant);
};

/** Before the grants are read: a code that is redeemed at this moment is waited for, and its grant is found then. */
const dropCodes = async ({ query }: Transaction, { sharing, vehicleId }: Withdrawal): Promise<void> => {
  const { subject, clientId, brand = null } = sharing;
  await query(DROP_CODES, [subject, clientId, brand, vehicleMark(vehicleId)]);
};

const lockCandidates = async (
  query: Query,
  { sharing: { subject, clientId } }: Withdrawal,
): Promise<readonly CoveringGrant[]> => {
  const grants = (await query(LOCK_CONSENTS, [digestSubject(subject), clientId])).map(toGrant);
  const vehicles = await listVehiclesOf(
    query,
    grants.map(({ id }) => id),
  );
  return grants.map((grant) => ({ grant, vehicles: vehicles.get(grant.id) ?? [] }));
};

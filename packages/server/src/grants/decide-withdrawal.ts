import { decideRevocation } from './decide-revocation.ts';
import { decideDisconnection } from './decide-vehicles.ts';
import type { Disconnection } from './decide-vehicles.ts';
import type { AuditContext } from './grant-store.ts';
import { isUndoable } from './grant.ts';
import type { Grant } from './grant.ts';
import type { Vehicle } from './vehicle.ts';

/**
 * What owners see as one: everything that one of them shares with one client and, in a dialect that knows brands, for one
 * brand. It may rest on several grants: of several consents, or made by an operator.
 */
export type Sharing = Pick<Grant, 'subject' | 'clientId' | 'brand'>;

/** What an owner takes back from a client. */
export type Withdrawal = {
  readonly sharing: Sharing;
  /** The id of the only vehicle to take back; `undefined` for all access. */
  readonly vehicleId: string | undefined;
  /** Whether a grant ends with its last vehicle. */
  readonly endsWhenEmpty: boolean;
};

/** A grant with the vehicles that it covers. */
export type CoveringGrant = { readonly grant: Grant; readonly vehicles: readonly Vehicle[] };

/** Whether a grant belongs to a sharing. */
export const isSharedBy = (grant: Sharing, { subject, clientId, brand }: Sharing): boolean =>
  grant.subject === subject && grant.clientId === clientId && grant.brand === brand;

/**
 * Decides a withdrawal. Returns only the grants that it changes. One that an operator could put back is taken
 * back as well: else it would open again what its owner took back.
 */
export const decideWithdrawal = (
  candidates: readonly CoveringGrant[],
  { sharing, vehicleId, endsWhenEmpty }: Withdrawal,
  auditContext: AuditContext,
): readonly Disconnection[] =>
  candidates
    .filter(({ grant }) => isSharedBy(grant, sharing))
    .flatMap(({ grant, vehicles }) => {
      if (vehicleId === undefined) {
        const change = decideRevocation(grant, { ...auditContext, cause: 'owner' }, vehicles);
        if (typeof change === 'string') return [];
        return [{ ...change, covered: vehicles, disconnected: [], isRevoked: true }];
      }
      if (grant.revocation !== undefined && !isUndoable(grant.revocation)) return [];
      const change = decideDisconnection(grant, vehicles, [vehicleId], { ...auditContext, endsWhenEmpty });
      return change === 'unknown' || change.disconnected.length === 0 ? [] : [change];
    });

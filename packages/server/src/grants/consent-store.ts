import type { GrantId } from '../tokens/grant-id.ts';
import type { ChoiceFault, VehicleDataChoice } from './decide-vehicle-data.ts';
import type { Withdrawal } from './decide-withdrawal.ts';
import type { Grant } from './grant.ts';
import type { AuditContext, Page } from './grant-store.ts';
import type { Vehicle } from './vehicle.ts';

/** What owners share, in a store: their grants, and the vehicles that each covers. */
export type ConsentStore = {
  /** Every grant of an owner, by consent, import or an operator, in the order of ids. */
  listConsents(subject: string, page: Page): Promise<readonly Grant[]>;
  /** What a grant covers, in the order of ids; empty for one made without an owner's choice. */
  listVehicles(id: GrantId): Promise<readonly Vehicle[]>;
  /** Replaces what a grant covers by an owner's new choice. */
  selectVehicles(
    id: GrantId,
    vehicles: readonly Vehicle[],
    auditContext: AuditContext,
  ): Promise<'selected' | 'unknown' | 'revoked'>;
  /** Changes what a grant for vehicle data allows, at its owner's wish (`decideVehicleData`). */
  changeVehicleData(
    id: GrantId,
    choice: VehicleDataChoice,
    auditContext: AuditContext,
  ): Promise<'changed' | ChoiceFault>;
  /**
   * Takes vehicles, by id, or `all` out of a grant, and answers which they were. With `endsWhenEmpty` a grant that
   * covers none any more is revoked (`disconnected`).
   */
  disconnectVehicles(
    id: GrantId,
    vehicleIds: readonly string[] | 'all',
    auditContext: AuditContext & { readonly endsWhenEmpty: boolean },
  ): Promise<{ readonly disconnected: readonly Vehicle[]; readonly isRevoked: boolean } | 'unknown'>;
  /**
   * Takes back what an owner shares with a client, in one step (`decideWithdrawal`): from every grant, no matter who made
   * it, and from every code that is not redeemed yet. Returns the grants that it changed.
   */
  withdraw(withdrawal: Withdrawal, auditContext: AuditContext): Promise<readonly Withdrawn[]>;
};

/** What a withdrawal took from one grant: vehicles, or all access. */
export type Withdrawn = {
  readonly grantId: GrantId;
  readonly disconnected: readonly Vehicle[];
  readonly isRevoked: boolean;
};

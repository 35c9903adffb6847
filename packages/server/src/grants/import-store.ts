import type { AuditContext } from './grant-store.ts';
import type { Grant } from './grant.ts';
import type { ImportedGrant, ImportOutcome } from './imported-grant.ts';

/** The grants in a store whose first refresh token another server issued. */
export type ImportStore = {
  /**
   * Makes as many of these grants as can be made, in one step, each with its vehicles and as its owner's consent.
   * Each gets its event (`decideCreation`). Answers the outcome of each, in order.
   */
  importGrants(
    batch: readonly ImportedGrant[],
    auditContext: AuditContext,
  ): Promise<readonly ImportOutcome[]>;
  /** The grants that imported tokens stand for, by the SHA-256 of each token, in order. */
  findImported(digests: readonly Uint8Array[]): Promise<readonly (Grant | undefined)[]>;
};

import type { Policy } from '../clients/policy.ts';
import type { Millis, Now } from '../clock.ts';
import type { Eventual, Pending } from '../eventual.ts';
import type { ClockFault } from './clock-fault.ts';
import type { Caller } from '../log-event.ts';
import type { GrantId } from '../tokens/grant-id.ts';
import type { CurrentGrant, Grant, RevocationCause } from './grant.ts';
import type { Presented, Verdict } from './judge.ts';
import type { Replay, ReplayRecord } from './replay.ts';

/** One presentation of a refresh token, as the store gets it. */
export type RefreshUse = Now & {
  readonly presented: Presented;
  /** The key that would seal a successor. */
  readonly keyNumber: number;
  readonly caller: Caller;
  readonly requestId: string;
};

export type RefreshResult = {
  readonly verdict: Verdict;
  /** As the verdict left it, as far as answers need it; `undefined` where there is none. */
  readonly grant: CurrentGrant | undefined;
  /** The client's policy as the verdict saw it. */
  readonly policy: Policy;
  /** The evidence, where the verdict is `replay`. */
  readonly replay: Replay | undefined;
  /** A moment of the grant, as it was before, that no clock can have shown if this one is right. */
  readonly clockFault: ClockFault | undefined;
};

/**
 * Makes the tokens that the result of a use gives, if any. As long as it has not, and if it fails, the use counts as not
 * answered, so that its retry is a repeat.
 */
export type Issue<Result> = (result: Result) => Eventual<void>;

/** When something is done, and at whose request. */
export type AuditContext = {
  readonly nowMs: Millis;
  /** Absent for what an operator does. */
  readonly requestId?: string | undefined;
};

/** A page of a list: what follows `after` in the order of ids, at most `limit`. */
export type Page = { readonly after?: GrantId | undefined; readonly limit: number };

/** Which grants are listed: those to which everything that is given applies. */
export type GrantFilter = {
  readonly clientId?: string | undefined;
  readonly subject?: string | undefined;
  /** Of a vehicle that the grant covers now. */
  readonly vin?: string | undefined;
  readonly isRevoked?: boolean | undefined;
  readonly createdSinceMs?: Millis | undefined;
};

/** The grants in a store. */
export type GrantStore = {
  /**
   * Judges the presented refresh token (`judge`) and applies the verdict, on the grant's own row. `client_gone`: the
   * client was disabled or removed since it was authenticated. Rejects with what `issue` throws.
   */
  refresh(use: RefreshUse, issue?: Issue<RefreshResult>): Pending<RefreshResult | 'client_gone'>;
  /** Stores a new grant with its event (`decideCreation`). Its owner finds and withdraws it like one by consent. */
  createGrant(grant: Grant, auditContext?: AuditContext): Promise<'created' | 'client_unknown' | 'id_taken'>;
  readGrant(id: GrantId): Promise<Grant | undefined>;
  /** The last replay of a grant; `undefined` where there was none. */
  readReplay(id: GrantId): Promise<ReplayRecord | undefined>;
  /** In the order of ids. */
  listGrants(page: Page & GrantFilter): Promise<readonly Grant[]>;
  /** `atMost`: of a client, no more are counted. */
  countGrants(clientId?: string, options?: { readonly atMost: number }): Promise<number>;
  /** What can be undone can be revoked once more, for good (`decideRevocation`). */
  revoke(
    id: GrantId,
    revocation: AuditContext & { readonly cause: RevocationCause },
  ): Promise<'revoked' | 'revoked_before' | 'unknown'>;
  /** Undoes a revocation: the newest refresh token works again. Not what its owner or its client ended (`decideReinstatement`). */
  reinstate(
    id: GrantId,
    auditContext: AuditContext,
  ): Promise<'reinstated' | 'not_revoked' | 'consent_needed' | 'unknown'>;
  /**
   * Looks at the `limit` grants after `after`. Removes those that ended before `endedBeforeMs`, and of the others the
   * imported tokens that expired before it. Answers how many grants are gone, and where to go on; `undefined` at the end.
   */
  prune(
    page: Page & { readonly endedBeforeMs: Millis },
  ): Promise<{ readonly pruned: number; readonly next: GrantId | undefined }>;
};

import type { Policy } from '../clients/policy.ts';
import type { Millis } from '../clock.ts';
import type { DeadTokenReason } from '../errors.ts';
import type { AuthorizationCode, CodeState } from './code.ts';
import type { GrantId } from '../tokens/grant-id.ts';
import type { Grant } from './grant.ts';
import type { Issue, RefreshUse } from './grant-store.ts';
import type { CodeVerdict, PresentedCode } from './judge-code.ts';

/** One presentation of an authorization code, as the store gets it. */
export type CodeUse = Omit<RefreshUse, 'presented'> & { readonly presented: PresentedCode };

export type CodeResult = {
  readonly verdict: CodeVerdict;
  /** Why a repeat gets no tokens although it is not a second use; `undefined` where it gets them. */
  readonly fault: DeadTokenReason | undefined;
  /** As the verdict left it; `undefined` where there is none. */
  readonly grant: Grant | undefined;
  /** Whether this very use ended the grant: of several replays only the first does. */
  readonly hasRevoked: boolean;
  /** The client's policy as the verdict saw it. */
  readonly policy: Policy;
};

/** The authorization codes in a store. */
export type CodeStore = {
  /** Stores what an owner agreed to until the client redeems it, and drops a few codes that were issued before `dropBeforeMs`. */
  createCode(
    code: AuthorizationCode,
    dropBeforeMs?: Millis,
  ): Promise<'created' | 'client_unknown' | 'id_taken'>;
  /** What an owner agreed to, redeemed or not; `undefined` for nothing, or once it was dropped. */
  readCode(grantId: GrantId): Promise<CodeState | undefined>;
  /**
   * Judges the presented code (`judgeCode`) and applies the verdict: makes the grant with its vehicles, or revokes the
   * one that was made. `client_gone`: the client was disabled or removed since it was authenticated. Rejects
   * with what `issue` throws.
   */
  redeemCode(use: CodeUse, issue?: Issue<CodeResult>): Promise<CodeResult | 'client_gone'>;
};

import type { Policy } from '../clients/policy.ts';
import { codeLifetimeSecondsOf } from '../clients/security-profile.ts';
import type { Now } from '../clock.ts';
import type { DeadTokenReason } from '../errors.ts';
import type { NewGrantEvent } from '../outbox/grant-event.ts';
import { CODE_LIFETIME_SECONDS } from './code.ts';
import type { CodeState } from './code.ts';
import type { CodeResult, CodeUse } from './code-store.ts';
import { decideCreation } from './decide-creation.ts';
import { decideRevocation } from './decide-revocation.ts';
import type { Grant } from './grant.ts';
import { judgeCode } from './judge-code.ts';
import { judgeDeviceCode } from './judge-device-code.ts';
import { standingOf } from './standing.ts';
import type { Vehicle } from './vehicle.ts';

/** What the redemption of a code made, as a store reads it. */
export type RedeemedGrant = { readonly grant: Grant | undefined; readonly vehicles: readonly Vehicle[] };

/** For a code that was not redeemed yet. */
export const NOTHING_REDEEMED: RedeemedGrant = { grant: undefined, vehicles: [] };

export type CodeDecision = {
  readonly result: CodeResult;
  /** The code, where this use redeems it: its grant is to be made, with its vehicles and as its owner's consent. */
  readonly redeemed: CodeState | undefined;
  readonly grantEvents: readonly NewGrantEvent[];
};

/** Decides a use of an authorization code: a first use makes its grant, a replay revokes it. */
export const decideCode = (
  code: CodeState | undefined,
  { grant, vehicles }: RedeemedGrant,
  use: CodeUse,
  policy: Policy,
): CodeDecision => {
  const { presented, nowMs, requestId } = use;
  const verdict = presented.isDevice
    ? judgeDeviceCode(code, presented, { ...use, overlapSeconds: policy.overlapSeconds })
    : judgeCode(code, presented, {
        ...use,
        lifetimeSeconds: codeLifetimeSecondsOf(policy, CODE_LIFETIME_SECONDS),
      });
  const unchanged = { verdict, fault: undefined, hasRevoked: false, policy };
  const nothing = { redeemed: undefined, grantEvents: [] };
  if (code === undefined || verdict.kind === 'refuse')
    return { ...nothing, result: { ...unchanged, grant: undefined } };
  if (verdict.kind === 'redeem') {
    const { grant: made, grantEvents } = decideCreation(
      grantOf(code, use),
      { nowMs, requestId },
      code.vehicles,
    );
    return {
      result: { ...unchanged, grant: made },
      redeemed: { ...code, redeemedAtMs: nowMs, useDigest: presented.useDigest },
      grantEvents,
    };
  }
  if (verdict.kind === 'repeat')
    return { ...nothing, result: { ...unchanged, fault: faultOfRepeat(grant, policy, use), grant } };
  const change = decideRevocation(grant, { cause: 'code_replay', nowMs, requestId }, vehicles);
  if (typeof change === 'string') return { ...nothing, result: { ...unchanged, grant } };
  return {
    result: { ...unchanged, grant: change.grant, hasRevoked: true },
    redeemed: undefined,
    grantEvents: change.grantEvents,
  };
};

/** Why a repeat gets no tokens: its grant ended, or its refresh token was used. */
const faultOfRepeat = (grant: Grant | undefined, policy: Policy, now: Now): DeadTokenReason | undefined => {
  if (grant === undefined) return 'unknown';
  const { status } = standingOf(grant, policy, now);
  if (status === 'expired' || status === 'revoked') return status;
  // A client with a later token has had the first; the repeat is a request that took long, and the grant lives on.
  return grant.generation === 0 ? undefined : 'concurrent_use';
};

/** The grant that a code makes. */
const grantOf = (
  { grantId: id, clientId, subject, scope, brand, vehicleData }: CodeState,
  { nowMs, keyNumber }: CodeUse,
): Grant => ({
  id,
  clientId,
  subject,
  scope,
  brand,
  createdAtMs: nowMs,
  generation: 0,
  keyNumber,
  rotatedAtMs: [],
  rotatedBy: undefined,
  useDigest: undefined,
  revocation: undefined,
  ...(vehicleData === undefined ? {} : { vehicleData }),
});

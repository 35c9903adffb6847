import assert from 'node:assert/strict';
import type { Policy } from '../clients/policy.ts';
import { latestMomentOfAge, toMillis } from '../clock.ts';
import type { Millis, Now, Seconds } from '../clock.ts';
import type { DeadTokenReason } from '../errors.ts';
import type { KeyWithdrawal } from '../tokens/key-state.ts';
import { GENERATION_MAX } from '../tokens/refresh-token.ts';
import type { OpenedRefreshToken } from '../tokens/refresh-token.ts';
import { mayRequest } from './access-scope.ts';
import { beganAt, currentIssuedAtMs } from './grant.ts';
import type { CurrentGrant, Grant } from './grant.ts';
import { agreedSecondsOf } from './grant-lifetime.ts';
import { scopeOfNarrowed } from './vehicle-data.ts';
import type { NarrowedData } from './vehicle-data.ts';
import { firstUseOf, leastAgeOf } from './rotation-history.ts';
import { isSameUse } from './use-digest.ts';

/** A refresh token as presented: opened, by an authenticated client. */
export type Presented = OpenedRefreshToken & {
  readonly clientId: string;
  /** Of the request; `undefined` in dialects without brands. */
  readonly brand: string | undefined;
  /** Of the request's `Idempotency-Key`. */
  readonly useDigest: Uint8Array | undefined;
  /** Whether our own 503 answered the last use of this token, so that this is the retry we asked for. */
  readonly isRetryOfOurs: boolean;
  /** What the access token is to be for; absent for all that the grant gives. */
  readonly scope?: string | undefined;
  /** Which of the grant's vehicle data it is to be for; absent for all. */
  readonly narrowed?: NarrowedData | undefined;
};

/** Why a presented refresh token may be answered with the current one again. */
export type RepeatCause = 'overlap' | 'until_used' | 'same_use' | 'not_rotated';

/** The decision about a presented refresh token. */
export type Verdict =
  /** The current token, and it has not expired: it is exchanged for its successor. */
  | { readonly kind: 'rotate' }
  /** Nothing changes; the current refresh token is given again. */
  | { readonly kind: 'repeat'; readonly cause: RepeatCause }
  /** Issued by us, though the store no longer knows: the grant goes on from it, `lost` generations forward. */
  | { readonly kind: 'resync'; readonly lost: number }
  | {
      readonly kind: 'refuse';
      readonly reason:
        | Exclude<DeadTokenReason, 'token_undecryptable' | 'replayed'>
        | 'scope_not_allowed'
        | 'details_not_allowed';
    }
  /** An earlier token, `gap` generations old, that may not be repeated: a lost answer long ago, or theft. */
  | { readonly kind: 'replay'; readonly gap: number; readonly response: Policy['onReplay'] };

const refuse = (reason: (Verdict & { kind: 'refuse' })['reason']): Verdict => ({ kind: 'refuse', reason });
const repeat = (cause: RepeatCause): Verdict => ({ kind: 'repeat', cause });

/**
 * The verdict on a presented refresh token: pure and total. Generations order everything; a clock measures lifetimes and
 * overlaps only, and it can be wrong. An age in doubt counts as the least that it may be. A clock that runs backwards
 * counts as standing still, and while it is behind the newest rotation no use counts as a replay. A predecessor needs the whole
 * `Grant`; anything else is a bug and throws.
 *
 * @see RFC 9700 §4.14.2 for replay, RFC 6749 §6 for the binding to the client and the scope
 */
export const judge = (
  grant: CurrentGrant | undefined,
  presented: Presented,
  now: Now,
  policy: Policy,
): Verdict => {
  const verdict = judgeToken(grant, presented, now, policy);
  const { narrowed } = presented;
  const scope = presented.scope;
  if ((scope === undefined && narrowed === undefined) || grant === undefined) return verdict;
  // A request for too much changes nothing; a token that is dead or replayed stays what it is.
  if (verdict.kind === 'refuse' || verdict.kind === 'replay') return verdict;
  if (scope !== undefined && !mayRequest(grant, policy, scope)) return refuse('scope_not_allowed');
  return narrowed === undefined || mayNarrow(grant, policy, narrowed)
    ? verdict
    : refuse('details_not_allowed');
};

/** Whether a token can be for this part of a grant's vehicle data. */
const mayNarrow = (grant: CurrentGrant, policy: Policy, narrowed: NarrowedData): boolean => {
  const scope = scopeOfNarrowed(grant, narrowed);
  return scope !== undefined && mayRequest(grant, policy, scope);
};

const judgeToken = (
  grant: CurrentGrant | undefined,
  presented: Presented,
  now: Now,
  policy: Policy,
): Verdict => {
  if (grant === undefined) return refuse('unknown');
  if (grant.clientId !== presented.clientId) return refuse('client_mismatch');
  if (grant.brand !== undefined && grant.brand !== presented.brand) return refuse('brand_mismatch');
  if (presented.withdrawal !== undefined && opensNoMore(presented.withdrawal, now))
    return refuse(`key_${presented.withdrawal.state}`);
  if (grant.revocation !== undefined) return refuse('revoked');
  const beganAtMs = toMillis(beganAt(grant));
  if (isOver(beganAtMs, agreedSecondsOf(grant), now)) return refuse('until_passed');
  if (isOver(beganAtMs, policy.grantLifetimeSeconds, now)) return refuse('expired');
  if (presented.generation > grant.generation) return judgeAhead(grant, presented, policy);
  if (isOver(currentIssuedAtMs(grant), policy.refreshTokenLifetimeSeconds, now)) return refuse('expired');
  if (presented.generation < grant.generation)
    return judgePredecessor(wholeOf(grant), presented, now, policy);
  if (grant.generation === GENERATION_MAX || !isRotating(presented, policy)) return repeat('not_rotated');
  return { kind: 'rotate' };
};

const isWhole = (grant: CurrentGrant): grant is Grant => 'useDigest' in grant;

const wholeOf = (grant: CurrentGrant): Grant => {
  assert.ok(isWhole(grant), 'a predecessor is judged by the whole grant');
  return grant;
};

/**
 * Whether a current token is exchanged for its successor. One of a compromised key always is: under a key that nobody else
 * has. So is an imported one that would be answered with a token of a withdrawn key.
 */
export const isRotating = (
  { withdrawal, imported }: Pick<Presented, 'withdrawal' | 'imported'>,
  { rotation }: Pick<Policy, 'rotation'>,
): boolean => rotation !== 'none' || withdrawal !== undefined || imported?.withdrawnKey !== undefined;

/** Whether tokens of a withdrawn key are refused: of a retired one all, of a compromised one those after its window. */
export const opensNoMore = (withdrawal: KeyWithdrawal, now: Now): boolean =>
  withdrawal.state === 'retired' ||
  withdrawal.atMs <= latestMomentOfAge(withdrawal.opensUntilMs - withdrawal.atMs, now);

const isOver = (fromMs: Millis, lifetimeSeconds: Seconds | null, now: Now): boolean =>
  lifetimeSeconds !== null && fromMs <= latestMomentOfAge(toMillis(lifetimeSeconds), now);

/** Only this server can have sealed it, so the store has lost the writes in between: a restored backup, a failover. */
const judgeAhead = (grant: CurrentGrant, presented: Presented, policy: Policy): Verdict => {
  // A thief of a compromised key can seal any generation, so a higher one proves nothing.
  if (presented.withdrawal !== undefined) return refuse('key_compromised');
  const lost = presented.generation - grant.generation;
  return lost <= policy.resyncGenerations ? { kind: 'resync', lost } : refuse('ahead');
};

/** How long after its first use a predecessor of the current token may be repeated because nothing newer was used. */
const untilUsedMsOf = ({ rotation, untilUsedSeconds }: Policy): Millis => {
  if (rotation !== 'until-used') return 0;
  return untilUsedSeconds === undefined ? Infinity : toMillis(untilUsedSeconds);
};

const judgePredecessor = (grant: Grant, presented: Presented, now: Now, policy: Policy): Verdict => {
  const gap = grant.generation - presented.generation;
  const { imported } = presented;
  const isOfWithdrawnKey = presented.withdrawal !== undefined;
  const isReplaced =
    isOfWithdrawnKey || (imported !== undefined && imported.withdrawnKey !== grant.keyNumber);
  // Of a token that never rotates there may be many copies. It was rotated for its key only, so each holder gets the successor.
  if (gap === 1 && isReplaced && policy.rotation === 'none') return repeat('not_rotated');
  if (gap === 1 && presented.isRetryOfOurs) return repeat('same_use');
  if (gap === 1 && isSameUse(grant.useDigest, presented.useDigest)) return repeat('same_use');
  const firstUse = firstUseOf(grant.rotatedAtMs, gap);
  const untilUsedMs = gap === 1 ? untilUsedMsOf(policy) : 0;
  if (untilUsedMs === Infinity || (untilUsedMs > 0 && firstUse === undefined)) return repeat('until_used');
  if (firstUse !== undefined) {
    const { sinceFirstUseMs, isKnown } = leastAgeOf(firstUse, now);
    const overlapMs = policy.rotation === 'overlap' ? policy.overlapSeconds * 1000 : 0;
    if (sinceFirstUseMs < untilUsedMs) return repeat('until_used');
    // The client may hold nothing newer than the predecessor of the current token, so that one gets the benefit of the doubt.
    if ((isKnown || (firstUse.isExact && gap === 1)) && sinceFirstUseMs < overlapMs) return repeat('overlap');
    // Soon after the overlap it is a retry that came late. A first use at an unknown moment may lie inside the overlap or
    // outside: refuse, and revoke nothing.
    const raceEndMs = overlapMs + untilUsedMs + policy.raceSeconds * 1000;
    if (sinceFirstUseMs < raceEndMs) return refuse('concurrent_use');
  }
  if (now.nowMs < currentIssuedAtMs(grant)) return refuse('concurrent_use');
  // A thief of a compromised key can seal predecessors, so a replay of one must not end the grant. Nor must a copy of an
  // imported token that was never to rotate.
  const isHarmless = isOfWithdrawnKey || (imported !== undefined && policy.rotation === 'none');
  const response = isHarmless && policy.onReplay === 'revoke' ? 'refuse' : policy.onReplay;
  return { kind: 'replay', gap, response };
};

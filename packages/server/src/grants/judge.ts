import type { Policy } from '../clients/policy.ts';
import type { Millis, Seconds } from '../clock.ts';
import { toMillis } from '../clock.ts';
import type { DeadTokenReason } from '../errors.ts';
import { GENERATION_MAX } from '../tokens/refresh-token.ts';
import type { OpenedRefreshToken } from '../tokens/refresh-token.ts';
import { beganAt, currentIssuedAtMs } from './grant.ts';
import type { Grant } from './grant.ts';
import { firstUseOf } from './rotation-history.ts';
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
  | { readonly kind: 'refuse'; readonly reason: Exclude<DeadTokenReason, 'token_undecryptable' | 'replayed'> }
  /** An earlier token, `gap` generations old, that may not be repeated: a lost answer long ago, or theft. */
  | { readonly kind: 'replay'; readonly gap: number; readonly response: Policy['onReplay'] };

const refuse = (reason: (Verdict & { kind: 'refuse' })['reason']): Verdict => ({ kind: 'refuse', reason });
const repeat = (cause: RepeatCause): Verdict => ({ kind: 'repeat', cause });

/**
 * The verdict on a presented refresh token: pure and total. Generations order everything; the wall clock (`nowMs`)
 * measures lifetimes and overlaps only. A clock that runs backwards counts as standing still, and while it is behind the
 * newest rotation no use counts as a replay, because its age is unknown.
 *
 * @see RFC 9700 §4.14.2 for replay, RFC 6749 §6 for the binding to the client
 */
export const judge = (
  grant: Grant | undefined,
  presented: Presented,
  nowMs: Millis,
  policy: Policy,
): Verdict => {
  if (grant === undefined) return refuse('unknown');
  if (grant.clientId !== presented.clientId) return refuse('client_mismatch');
  if (grant.brand !== undefined && grant.brand !== presented.brand) return refuse('brand_mismatch');
  if (grant.revocation !== undefined) return refuse('revoked');
  if (isOver(toMillis(beganAt(grant)), policy.grantLifetimeSeconds, nowMs)) return refuse('expired');
  if (presented.generation > grant.generation) return judgeAhead(grant, presented, policy);
  if (isOver(currentIssuedAtMs(grant), policy.refreshTokenLifetimeSeconds, nowMs)) return refuse('expired');
  if (presented.generation < grant.generation) return judgePredecessor(grant, presented, nowMs, policy);
  if (policy.rotation === 'none' || grant.generation === GENERATION_MAX) return repeat('not_rotated');
  return { kind: 'rotate' };
};

const isOver = (fromMs: Millis, lifetimeSeconds: Seconds | null, nowMs: Millis): boolean =>
  lifetimeSeconds !== null && nowMs - fromMs >= lifetimeSeconds * 1000;

/** Only this server can have sealed it, so the store has lost the writes in between: a restored backup, a failover. */
const judgeAhead = (grant: Grant, presented: Presented, policy: Policy): Verdict => {
  const lost = presented.generation - grant.generation;
  return lost <= policy.resyncGenerations ? { kind: 'resync', lost } : refuse('ahead');
};

const judgePredecessor = (grant: Grant, presented: Presented, nowMs: Millis, policy: Policy): Verdict => {
  const gap = grant.generation - presented.generation;
  if (gap === 1 && presented.isRetryOfOurs) return repeat('same_use');
  if (gap === 1 && isSameUse(grant.useDigest, presented.useDigest)) return repeat('same_use');
  if (gap === 1 && policy.rotation === 'until-used') return repeat('until_used');
  const firstUse = firstUseOf(grant.rotatedAtMs, gap);
  if (firstUse !== undefined) {
    const sinceFirstUseMs = Math.max(0, nowMs - firstUse.atMs);
    const overlapMs = policy.rotation === 'overlap' ? policy.overlapSeconds * 1000 : 0;
    if (firstUse.isExact && sinceFirstUseMs < overlapMs) return repeat('overlap');
    // A first use at an unknown moment may lie inside the overlap or outside: refuse, and revoke nothing.
    const raceMs = Math.max(policy.raceSeconds * 1000, firstUse.isExact ? 0 : overlapMs);
    if (sinceFirstUseMs < raceMs) return refuse('concurrent_use');
  }
  if (nowMs < currentIssuedAtMs(grant)) return refuse('concurrent_use');
  return { kind: 'replay', gap, response: policy.onReplay };
};

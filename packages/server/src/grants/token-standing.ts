import type { Policy } from '../clients/policy.ts';
import type { Millis, Now, Seconds } from '../clock.ts';
import type { OpenedRefreshToken } from '../tokens/refresh-token.ts';
import { currentIssuedAtMs } from './grant.ts';
import type { Grant } from './grant.ts';
import { judge } from './judge.ts';
import type { RepeatCause } from './judge.ts';
import { firstUseOf } from './rotation-history.ts';
import { expiryOf } from './standing.ts';

/** A refresh token that would get new tokens if its client presented it now. */
export type TokenStanding = {
  /** `undefined` where the store does not remember it. */
  readonly issuedAtMs: Millis | undefined;
  /** If nothing happens until then; `undefined` where it is unknown. */
  readonly expiresAt: Seconds | undefined;
};

/**
 * Judges a refresh token as if its own client presented it now, with nothing but the token. `undefined` for one that
 * would be refused.
 */
export const standingOfToken = (
  grant: Grant,
  opened: OpenedRefreshToken,
  now: Now,
  policy: Policy,
): TokenStanding | undefined => {
  const { clientId, brand } = grant;
  const presented = { ...opened, clientId, brand, useDigest: undefined, isRetryOfOurs: false };
  const verdict = judge(grant, presented, now, policy);
  switch (verdict.kind) {
    case 'refuse':
    case 'replay':
      return undefined;
    // The store lost the moment at which it was issued, and so its end.
    case 'resync':
      return { issuedAtMs: undefined, expiresAt: undefined };
    case 'rotate':
    case 'repeat': {
      const gap = grant.generation - opened.generation;
      const { expiresAt } = expiryOf(grant, policy);
      const cause = verdict.kind === 'repeat' ? verdict.cause : undefined;
      const overlapEnd = repeatEndOf(grant, gap, repeatSecondsOf(policy, cause));
      const issuedAtMs = issuedAtOf(grant, opened.generation);
      return { issuedAtMs, expiresAt: Math.min(expiresAt, overlapEnd) };
    }
  }
};

/** For how long after its first use a token may be repeated for this cause. */
const repeatSecondsOf = (
  { overlapSeconds, untilUsedSeconds = Infinity }: Policy,
  cause: RepeatCause | undefined,
): Seconds => {
  if (cause === 'overlap') return overlapSeconds;
  return cause === 'until_used' ? untilUsedSeconds : Infinity;
};

const repeatEndOf = (grant: Grant, gap: number, repeatSeconds: Seconds): Seconds => {
  const firstUse = firstUseOf(grant.rotatedAtMs, gap);
  return firstUse === undefined ? Infinity : Math.ceil(firstUse.atMs / 1000) + repeatSeconds;
};

/** A token was issued when the one before it was first used. */
const issuedAtOf = (grant: Grant, generation: number): Millis | undefined => {
  if (generation === grant.generation) return currentIssuedAtMs(grant);
  if (generation === 0) return grant.createdAtMs;
  const use = firstUseOf(grant.rotatedAtMs, grant.generation - generation + 1);
  return use?.isExact === true ? use.atMs : undefined;
};

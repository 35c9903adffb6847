import type { Policy } from '../clients/policy.ts';
import type { OpenedRefreshToken } from '../tokens/refresh-token.ts';
import { currentIssuedAtMs } from './grant.ts';
import type { Grant } from './grant.ts';
import { judge } from './judge.ts';
import { firstUseOf } from './rotation-history.ts';
import { standingOf } from './standing.ts';

/** A refresh token that would be answered with a pair if its client presented it now. */
export type TokenStanding = {
  /** Integer milliseconds; `undefined` where it is not remembered. */
  readonly issuedAtMs: number | undefined;
  /** Integer seconds, if nothing happens; `undefined` where that is not known. */
  readonly expiresAt: number | undefined;
};

/**
 * How a refresh token stands, whoever asks: judged as if its own client presented it now, with nothing but the token.
 * `undefined` for one that would be refused.
 */
export const standingOfToken = (
  grant: Grant,
  opened: OpenedRefreshToken,
  nowMs: number,
  policy: Policy,
): TokenStanding | undefined => {
  const { clientId, brand } = grant;
  const presented = { ...opened, clientId, brand, useDigest: undefined, isRetryOfOurs: false };
  const verdict = judge(grant, presented, nowMs, policy);
  switch (verdict.kind) {
    case 'refuse':
    case 'replay':
      return undefined;
    // The store lost when it was issued, and with it when it ends.
    case 'resync':
      return { issuedAtMs: undefined, expiresAt: undefined };
    case 'rotate':
    case 'repeat': {
      const gap = grant.generation - opened.generation;
      const { expiresAt } = standingOf(grant, policy, nowMs);
      const isInOverlap = verdict.kind === 'repeat' && verdict.cause === 'overlap';
      const overlapEnd = isInOverlap ? overlapEndOf(grant, gap, policy) : expiresAt;
      return { issuedAtMs: issuedAtOf(grant, opened.generation), expiresAt: Math.min(expiresAt, overlapEnd) };
    }
  }
};

const overlapEndOf = (grant: Grant, gap: number, { overlapSeconds }: Policy): number => {
  const firstUse = firstUseOf(grant.rotatedAtMs, gap);
  return firstUse === undefined ? Infinity : Math.ceil(firstUse.atMs / 1000) + overlapSeconds;
};

/** A predecessor was issued when the one before it was used first. */
const issuedAtOf = (grant: Grant, generation: number): number | undefined => {
  if (generation === grant.generation) return currentIssuedAtMs(grant);
  if (generation === 0) return grant.createdAt * 1000;
  const use = firstUseOf(grant.rotatedAtMs, grant.generation - generation + 1);
  return use?.isExact === true ? use.atMs : undefined;
};

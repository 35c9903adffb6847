import type { Policy } from '../clients/policy.ts';
import { toSeconds } from '../clock.ts';
import type { Millis, Seconds } from '../clock.ts';
import { beganAt, currentIssuedAtMs } from './grant.ts';
import type { Grant } from './grant.ts';

/** Whether a grant's current refresh token would work, and until when. */
export type Standing = {
  readonly status: 'active' | 'expired' | 'revoked';
  /** When the current refresh token expires. */
  readonly tokenExpiresAt: Seconds;
  /** When the grant expires, however often it is refreshed; `null` for never. */
  readonly grantExpiresAt: Seconds | null;
  /** When the current refresh token stops working by itself: the earlier of the two. */
  readonly expiresAt: Seconds;
  /** When the grant ended, or will end if nothing happens. */
  readonly endsAt: Seconds;
};

export const standingOf = (grant: Grant, policy: Policy, nowMs: Millis): Standing => {
  const tokenExpiresAt = toSeconds(currentIssuedAtMs(grant)) + policy.refreshTokenLifetimeSeconds;
  const grantExpiresAt =
    policy.grantLifetimeSeconds === null ? null : beganAt(grant) + policy.grantLifetimeSeconds;
  const expiresAt = Math.min(tokenExpiresAt, grantExpiresAt ?? tokenExpiresAt);
  const revokedAt = grant.revocation === undefined ? expiresAt : toSeconds(grant.revocation.atMs);
  const endsAt = Math.min(expiresAt, revokedAt);
  const lapsed = toSeconds(nowMs) >= expiresAt ? 'expired' : 'active';
  return {
    status: grant.revocation === undefined ? lapsed : 'revoked',
    tokenExpiresAt,
    grantExpiresAt,
    expiresAt,
    endsAt,
  };
};

/** Whether a grant expired or was revoked before a moment. Counted in whole seconds, as the standing is. */
export const hasEndedBefore = (grant: Grant, policy: Policy, beforeMs: Millis): boolean =>
  standingOf(grant, policy, 0).endsAt < toSeconds(beforeMs);

/** When an access token of a grant expires: at the end of its own lifetime, or with the grant. */
export const accessExpiresAt = (
  grant: Pick<Grant, 'createdAtMs'>,
  { accessTokenLifetimeSeconds, grantLifetimeSeconds }: Policy,
  issuedAt: Seconds,
): Seconds => {
  const expiresAt = issuedAt + accessTokenLifetimeSeconds;
  return grantLifetimeSeconds === null
    ? expiresAt
    : Math.min(expiresAt, beganAt(grant) + grantLifetimeSeconds);
};

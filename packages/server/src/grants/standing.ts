import type { Policy } from '../clients/policy.ts';
import { leastAgeMs, toMillis, toSeconds } from '../clock.ts';
import type { Millis, Now, Seconds } from '../clock.ts';
import { beganAt, currentIssuedAtMs } from './grant.ts';
import type { Grant } from './grant.ts';

/** When a grant's current refresh token stops working if nothing happens. */
export type Expiry = {
  /** When the current refresh token expires. */
  readonly tokenExpiresAt: Seconds;
  /** When the grant expires, however often it is refreshed; `null` for never. */
  readonly grantExpiresAt: Seconds | null;
  /** When the current refresh token stops working by itself: the earlier of the two. */
  readonly expiresAt: Seconds;
};

/** Whether a grant's current refresh token would work, and until when. */
export type Standing = Expiry & {
  readonly status: 'active' | 'expired' | 'revoked';
  /** When the grant ended, or will end if nothing happens. */
  readonly endsAt: Seconds;
};

export const expiryOf = (grant: Grant, policy: Policy): Expiry => {
  const tokenExpiresAt = toSeconds(currentIssuedAtMs(grant)) + policy.refreshTokenLifetimeSeconds;
  const grantExpiresAt =
    policy.grantLifetimeSeconds === null ? null : beganAt(grant) + policy.grantLifetimeSeconds;
  const expiresAt = Math.min(tokenExpiresAt, grantExpiresAt ?? tokenExpiresAt);
  return { tokenExpiresAt, grantExpiresAt, expiresAt };
};

export const standingOf = (grant: Grant, policy: Policy, now: Now): Standing => {
  const expiry = expiryOf(grant, policy);
  const isExpired =
    isOver(currentIssuedAtMs(grant), policy.refreshTokenLifetimeSeconds, now) ||
    isOver(toMillis(beganAt(grant)), policy.grantLifetimeSeconds, now);
  const lapsed = isExpired ? 'expired' : 'active';
  return {
    ...expiry,
    status: grant.revocation === undefined ? lapsed : 'revoked',
    endsAt: endOf(grant, expiry),
  };
};

/** Counted in whole seconds, as the wire carries them. An age in doubt counts as the least that it may be. */
const isOver = (fromMs: Millis, lifetimeSeconds: Seconds | null, now: Now): boolean =>
  lifetimeSeconds !== null &&
  toSeconds(fromMs + leastAgeMs(fromMs, now)) >= toSeconds(fromMs) + lifetimeSeconds;

const endOf = ({ revocation }: Grant, { expiresAt }: Expiry): Seconds =>
  revocation === undefined ? expiresAt : Math.min(expiresAt, toSeconds(revocation.atMs));

/** Whether a grant expired or was revoked before a moment. Counted in whole seconds, as the standing is. */
export const hasEndedBefore = (grant: Grant, policy: Policy, beforeMs: Millis): boolean =>
  endOf(grant, expiryOf(grant, policy)) < toSeconds(beforeMs);

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

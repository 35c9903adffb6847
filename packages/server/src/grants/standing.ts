import type { Policy } from '../clients/policy.ts';
import { endingOf, firstEnding, toSeconds } from '../clock.ts';
import type { Ending, Millis, Now, Seconds } from '../clock.ts';
import { beganAt, currentIssuedAtMs } from './grant.ts';
import type { Grant } from './grant.ts';
import { grantLifetimeOf } from './grant-lifetime.ts';
import type { Lasting } from './grant-lifetime.ts';

/** When a grant's current refresh token stops working if nothing happens. */
export type Expiry = {
  /** When the current refresh token expires. */
  readonly tokenExpiresAt: Seconds;
  /** When the grant expires, however often it is refreshed; `null` for never. */
  readonly grantExpiresAt: Seconds | null;
  /** When the current refresh token stops working by itself: the earlier of the two. */
  readonly expiresAt: Seconds;
};

/**
 * `in_doubt`: the token would work, and has expired by a clock that may be ahead. A list says so; nothing counts
 * it as expired.
 */
export type Status = 'active' | 'in_doubt' | 'expired' | 'revoked';

/** Every status of a grant. */
export const STATUSES: readonly Status[] = ['active', 'in_doubt', 'expired', 'revoked'];

const STATUS_AT: Readonly<Record<Ending, Status>> = {
  running: 'active',
  in_doubt: 'in_doubt',
  over: 'expired',
};

/** Whether a grant's current refresh token would work, and until when. */
export type Standing = Expiry & {
  readonly status: Status;
  /** When the grant ended, or will end if nothing happens. */
  readonly endsAt: Seconds;
};

export const expiryOf = (grant: Grant, policy: Policy): Expiry => {
  const tokenExpiresAt = toSeconds(currentIssuedAtMs(grant)) + policy.refreshTokenLifetimeSeconds;
  const lifetimeSeconds = grantLifetimeOf(grant, policy);
  const grantExpiresAt = lifetimeSeconds === null ? null : beganAt(grant) + lifetimeSeconds;
  const expiresAt = Math.min(tokenExpiresAt, grantExpiresAt ?? tokenExpiresAt);
  return { tokenExpiresAt, grantExpiresAt, expiresAt };
};

export const standingOf = (grant: Grant, policy: Policy, now: Now): Standing => {
  const expiry = expiryOf(grant, policy);
  const ending = firstEnding(
    endingOf(toSeconds(currentIssuedAtMs(grant)), policy.refreshTokenLifetimeSeconds, now),
    endingOfGrant(grant, policy, now),
  );
  return {
    ...expiry,
    status: grant.revocation === undefined ? STATUS_AT[ending] : 'revoked',
    endsAt: endOf(grant, expiry),
  };
};

/** Whether the lifetime of a grant itself is over, however often it was refreshed. */
const endingOfGrant = (grant: Lasting, policy: Pick<Policy, 'grantLifetimeSeconds'>, now: Now): Ending => {
  const lifetimeSeconds = grantLifetimeOf(grant, policy);
  return lifetimeSeconds === null ? 'running' : endingOf(beganAt(grant), lifetimeSeconds, now);
};

/**
 * Whether an access token of a grant has expired: with its own lifetime, or with the grant. Its own lifetime is over where the
 * clock in doubt says so, because its client refreshes and loses nothing. The grant is over when it is certain, because a
 * refresh could not help.
 */
export const isAccessOver = (
  grant: Lasting,
  policy: Pick<Policy, 'accessTokenLifetimeSeconds' | 'grantLifetimeSeconds'>,
  issuedAt: Seconds,
  now: Now,
): boolean =>
  endingOf(issuedAt, policy.accessTokenLifetimeSeconds, now) !== 'running' ||
  endingOfGrant(grant, policy, now) === 'over';

const endOf = ({ revocation }: Grant, { expiresAt }: Expiry): Seconds =>
  revocation === undefined ? expiresAt : Math.min(expiresAt, toSeconds(revocation.atMs));

/** Whether a grant expired or was revoked before a moment. Counted in whole seconds, as the standing is. */
export const hasEndedBefore = (grant: Grant, policy: Policy, beforeMs: Millis): boolean =>
  endOf(grant, expiryOf(grant, policy)) < toSeconds(beforeMs);

/** When an access token of a grant expires: at the end of its own lifetime, or with the grant. */
export const accessExpiresAt = (grant: Lasting, policy: Policy, issuedAt: Seconds): Seconds => {
  const expiresAt = issuedAt + policy.accessTokenLifetimeSeconds;
  const lifetimeSeconds = grantLifetimeOf(grant, policy);
  return lifetimeSeconds === null ? expiresAt : Math.min(expiresAt, beganAt(grant) + lifetimeSeconds);
};

import type { Lifetimes } from '../providers/provider.ts';
import { seconds } from '../time.ts';
import type { Millis } from '../time.ts';

/** When the tokens of an answer end. Counted from before the request was sent: early is safe, late is not. */
export type Expiry = { readonly accessExpiresAtMs: Millis; readonly refreshExpiresAtMs: Millis | undefined };

/**
 * 31 years. More is a moment, or milliseconds, and counts as nothing: a refresh token that is believed to live for so long would be
 * refreshed too late.
 */
export const LIFETIME_MAX_SECONDS = 1e9;

const plausible = (stated: number | undefined): number | undefined =>
  stated !== undefined && stated < LIFETIME_MAX_SECONDS ? stated : undefined;

/** What an answer says about lifetimes, in seconds. */
export type StatedLifetimes = {
  readonly expiresIn?: number | undefined;
  readonly refreshExpiresIn?: number | undefined;
};

/** The ends of a pair that was asked for at `sentAtMs`. A grant's own end is the last moment of both. */
export const expiryOf = (
  sentAtMs: Millis,
  stated: StatedLifetimes,
  lifetimes: Lifetimes,
  endsAtMs: Millis | undefined,
): Expiry => {
  const refreshSeconds = plausible(stated.refreshExpiresIn) ?? lifetimes.refreshSeconds;
  const refresh = refreshSeconds === undefined ? undefined : sentAtMs + Math.floor(seconds(refreshSeconds));
  const ends = [refresh, endsAtMs].filter((one) => one !== undefined);
  return {
    accessExpiresAtMs: sentAtMs + Math.floor(seconds(plausible(stated.expiresIn) ?? lifetimes.accessSeconds)),
    refreshExpiresAtMs: ends.length === 0 ? undefined : Math.min(...ends),
  };
};

/**
 * How long an access token must still be valid to be handed out: what the caller wants, and twice what the clocks are apart,
 * but never so much that a new token would not do either.
 */
export const neededMs = (minValidMs: Millis, lifetimeMs: Millis, skewMs: Millis): Millis =>
  Math.min(Math.max(minValidMs, lifetimeMs / 100, 2 * Math.abs(skewMs)), lifetimeMs / 2);

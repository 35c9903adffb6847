import type { Lifetimes } from '../providers/provider.ts';
import { seconds } from '../time.ts';
import type { Millis } from '../time.ts';

/** When the tokens of an answer end. Counted from before the request was sent: early is safe, late is not. */
export type Expiry = { readonly accessExpiresAtMs: Millis; readonly refreshExpiresAtMs: Millis | undefined };

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
  const refreshSeconds = stated.refreshExpiresIn ?? lifetimes.refreshSeconds;
  const refresh = refreshSeconds === undefined ? undefined : sentAtMs + Math.floor(seconds(refreshSeconds));
  const ends = [refresh, endsAtMs].filter((one) => one !== undefined);
  return {
    accessExpiresAtMs: sentAtMs + Math.floor(seconds(stated.expiresIn ?? lifetimes.accessSeconds)),
    refreshExpiresAtMs: ends.length === 0 ? undefined : Math.min(...ends),
  };
};

/**
 * How long an access token must still be valid to be handed out: what the caller wants, and twice what the clocks are apart,
 * but never so much that a new token would not do either.
 */
export const neededMs = (minValidMs: Millis, lifetimeMs: Millis, skewMs: Millis): Millis =>
  Math.min(Math.max(minValidMs, lifetimeMs / 100, 2 * Math.abs(skewMs)), lifetimeMs / 2);

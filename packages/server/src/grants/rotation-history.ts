import { OVERLAP_MAX_SECONDS } from '../clients/policy.ts';
import { leastAgeMs, toMillis } from '../clock.ts';
import type { Millis, Now } from '../clock.ts';

/**
 * The moments of a grant's last rotations, oldest first, never one before an earlier one. The last is when the current
 * refresh token was issued and its predecessor first used. `UNKNOWN` stands for a rotation whose write the store has lost.
 */
export type RotationHistory = readonly Millis[];

export const UNKNOWN = 0;

/** How many rotations are remembered at most. */
export const ROTATIONS_MAX = 32;

/** When a predecessor was first used: exactly at this moment, or not later than it. */
export type FirstUse = { readonly atMs: Millis; readonly isExact: boolean };

/**
 * When the refresh token `gap` generations before the current one (1 for the predecessor) was first used; `undefined` if no
 * rotation is remembered.
 */
export const firstUseOf = (history: RotationHistory, gap: number): FirstUse | undefined => {
  const index = history.length - gap;
  const moment = index < 0 ? UNKNOWN : history[index];
  if (moment !== undefined && moment !== UNKNOWN) return { atMs: moment, isExact: true };
  const nextKnown = history.find((atMs, at) => at >= index && atMs !== UNKNOWN);
  return nextKnown === undefined ? undefined : { atMs: nextKnown, isExact: false };
};

/** A clock that is behind by no more than the longest overlap counts as standing still. */
const STILL_MAX_MS = toMillis(OVERLAP_MAX_SECONDS);

/** How long ago a token was first used, at least, and whether that can be relied on. */
export const leastAgeOf = (
  { atMs, isExact }: FirstUse,
  now: Now,
): { readonly sinceFirstUseMs: Millis; readonly isKnown: boolean } => {
  const { nowMs, doubt } = now;
  if (atMs - nowMs > STILL_MAX_MS) {
    // A clock was ahead when this was written. If it jumped back since, the use was before that.
    const sinceFirstUseMs = doubt === undefined ? 0 : Math.max(0, nowMs - doubt.beforeMs);
    return { sinceFirstUseMs, isKnown: isExact && doubt !== undefined };
  }
  const leastMs = leastAgeMs(atMs, now);
  if (isExact || doubt === undefined) return { sinceFirstUseMs: leastMs, isKnown: isExact };
  // It was not later than `atMs`, so it may have been before the jump.
  return {
    sinceFirstUseMs: Math.min(leastMs, leastAgeMs(Math.min(atMs, doubt.beforeMs - 1), now)),
    isKnown: false,
  };
};

/**
 * The history after a rotation at `atMs` that follows `lost` rotations that the store does not know. Issuance never goes
 * back: under a clock that is behind the newest rotation, this one is remembered at the same moment.
 */
export const rememberRotation = (history: RotationHistory, atMs: Millis, lost = 0): RotationHistory => {
  const moments = [...history];
  for (let index = 0; index < Math.min(lost, ROTATIONS_MAX); index++) moments.push(UNKNOWN);
  moments.push(Math.max(atMs, history.at(-1) ?? UNKNOWN));
  return moments.length > ROTATIONS_MAX ? moments.slice(-ROTATIONS_MAX) : moments;
};

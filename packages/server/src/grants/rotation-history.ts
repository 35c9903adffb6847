import { OVERLAP_MAX_SECONDS } from '../clients/policy.ts';
import type { Millis } from '../clock.ts';

/**
 * The moments of a grant's last rotations, oldest first. The last is when the current refresh token was issued and its
 * predecessor first used. `UNKNOWN` stands for a rotation whose write the store has lost.
 */
export type RotationHistory = readonly Millis[];

export const UNKNOWN = 0;

/** How many rotations are remembered at most, even within one overlap. */
export const ROTATIONS_MAX = 32;

/** When a predecessor was first used. */
export type FirstUse =
  /** Exactly at this moment. */
  | { readonly atMs: Millis; readonly isExact: true }
  /** Unknown, but not later than this moment. */
  | { readonly atMs: Millis; readonly isExact: false }
  /** Longer ago than any overlap. */
  | undefined;

/** When the refresh token `gap` generations before the current one (1 for the predecessor) was first used. */
export const firstUseOf = (history: RotationHistory, gap: number): FirstUse => {
  const index = history.length - gap;
  const newest = history.at(-1);
  if (newest === undefined) return undefined;
  // A clock that ran ahead made a rotation forget the ones before it as too old: only their order is known.
  if (index < 0 && !isInOrder(history)) return { atMs: newest, isExact: false };
  if (index < 0 && history.length < ROTATIONS_MAX) return undefined;
  const moment = history[index];
  if (moment !== undefined && moment !== UNKNOWN) return { atMs: moment, isExact: true };
  const nextKnown = history.slice(Math.max(index, 0)).find((atMs) => atMs !== UNKNOWN);
  return nextKnown === undefined ? undefined : { atMs: nextKnown, isExact: false };
};

const isInOrder = (history: RotationHistory): boolean => {
  const known = history.filter((atMs) => atMs !== UNKNOWN);
  return known.every((atMs, index) => index === 0 || atMs >= (known[index - 1] ?? 0));
};

/** The history after a rotation at `nowMs` that follows `lost` rotations that the store does not know. */
export const rememberRotation = (history: RotationHistory, nowMs: Millis, lost = 0): RotationHistory => {
  const moments = [...history];
  for (let index = 0; index < Math.min(lost, ROTATIONS_MAX); index++) moments.push(UNKNOWN);
  moments.push(nowMs);
  return forgetOld(moments);
};

/** The moments that a verdict may still need; the last is the newest. */
export const forgetOld = (moments: RotationHistory): RotationHistory => {
  const newest = moments.at(-1) ?? UNKNOWN;
  // Compared with the rotation before as well: a clock that is far ahead must not make recent rotations look old.
  const before = moments.findLast((atMs, index) => index < moments.length - 1 && atMs !== UNKNOWN) ?? newest;
  const oldestUseful = Math.min(newest, before) - OVERLAP_MAX_SECONDS * 1000;
  let from = Math.max(0, moments.length - ROTATIONS_MAX);
  while (from < moments.length - 1 && nextKnownFrom(moments, from) < oldestUseful) from++;
  return from === 0 ? moments : moments.slice(from);
};

const nextKnownFrom = (moments: RotationHistory, from: number): number =>
  moments.find((atMs, index) => index >= from && atMs !== UNKNOWN) ?? UNKNOWN;

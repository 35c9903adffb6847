import { UNKNOWN } from '../../grants/rotation-history.ts';
import type { Millis } from '../../clock.ts';
import type { RotationHistory } from '../../grants/rotation-history.ts';

/**
 * A rotation history as a row stores it, and as a copy carries it: the newest rotation, and 3 bytes for each gap before it,
 * newest first. A refresh only prepends one gap, so a statement can do it without reading the row.
 */
export type PackedHistory = { readonly rotatedAtMs: Millis | null; readonly earlier: Buffer };

export const GAP_BYTES = 3;
/**
 * Four hours and a half. A longer gap is cut to it: what was before looks younger than it is, and still older than any
 * overlap.
 */
export const GAP_MAX_MS = 0xff_fffd;
/** Stands for a rotation whose moment is unknown. */
export const UNKNOWN_GAP = 0xff_ffff;

export const packHistory = (moments: RotationHistory): PackedHistory => {
  const newest = moments.at(-1);
  const bytes = Buffer.alloc(Math.max(0, moments.length - 1) * GAP_BYTES);
  let next = newest ?? UNKNOWN;
  for (let back = 1; back < moments.length; back++) {
    const moment = moments[moments.length - 1 - back] ?? UNKNOWN;
    const gap = moment === UNKNOWN ? UNKNOWN_GAP : gapBetween(moment, next);
    bytes.writeUIntBE(gap, (back - 1) * GAP_BYTES, GAP_BYTES);
    if (moment !== UNKNOWN) next = Math.min(next, moment);
  }
  return { rotatedAtMs: newest ?? null, earlier: bytes };
};

/** The gap from a moment to the next one. No history goes back. */
export const gapBetween = (moment: Millis, next: Millis): Millis =>
  Math.max(0, Math.min(GAP_MAX_MS, next - moment));

/** The reverse of `packHistory`; empty for a grant that was never refreshed. */
export const unpackHistory = ({ rotatedAtMs, earlier }: PackedHistory): RotationHistory => {
  if (rotatedAtMs === null) return [];
  const moments = [rotatedAtMs];
  let next = rotatedAtMs;
  for (let at = 0; at < earlier.length; at += GAP_BYTES) {
    const gap = earlier.readUIntBE(at, GAP_BYTES);
    if (gap !== UNKNOWN_GAP) next -= gap;
    moments.unshift(gap === UNKNOWN_GAP ? UNKNOWN : next);
  }
  return moments;
};

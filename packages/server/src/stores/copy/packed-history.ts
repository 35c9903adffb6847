import { forgetOld, UNKNOWN } from '../../grants/rotation-history.ts';
import type { RotationHistory } from '../../grants/rotation-history.ts';

/**
 * A rotation history as a row stores it, and as a copy carries it: the newest rotation, and 3 bytes for each gap before it,
 * newest first. A refresh only prepends one gap, so a statement can do it without reading the row.
 */
export type PackedHistory = { readonly rotatedAtMs: number | null; readonly earlier: Buffer };

export const GAP_BYTES = 3;
/** Two hours and a quarter, in either direction. A longer gap is cut to it. */
export const GAP_MAX_MS = 0x7f_0000;
/** Stands for a rotation whose moment is unknown. */
const UNKNOWN_GAP = 0xff_ffff;
/** A moment before a gap that was cut: before any overlap, however far a clock is set back. */
const LONG_AGO = 1;

export const packHistory = (moments: RotationHistory): PackedHistory => {
  const newest = moments.at(-1);
  const bytes = Buffer.alloc(Math.max(0, moments.length - 1) * GAP_BYTES);
  let next = newest ?? UNKNOWN;
  for (let back = 1; back < moments.length; back++) {
    const moment = moments[moments.length - 1 - back] ?? UNKNOWN;
    const gap = Math.max(-GAP_MAX_MS, Math.min(GAP_MAX_MS, next - moment));
    bytes.writeUIntBE(moment === UNKNOWN ? UNKNOWN_GAP : gap + GAP_MAX_MS, (back - 1) * GAP_BYTES, GAP_BYTES);
    if (moment !== UNKNOWN) next -= gap;
  }
  return { rotatedAtMs: newest ?? null, earlier: bytes };
};

/** The reverse of `packHistory`; empty for a grant that was never refreshed. */
export const unpackHistory = ({ rotatedAtMs, earlier }: PackedHistory): RotationHistory => {
  if (rotatedAtMs === null) return [];
  const moments = [rotatedAtMs];
  let next = rotatedAtMs;
  let isLongAgo = false;
  for (let at = 0; at < earlier.length; at += GAP_BYTES) {
    const gap = earlier.readUIntBE(at, GAP_BYTES);
    isLongAgo ||= gap === 2 * GAP_MAX_MS;
    if (gap !== UNKNOWN_GAP) next = isLongAgo ? LONG_AGO : next - (gap - GAP_MAX_MS);
    moments.unshift(gap === UNKNOWN_GAP ? UNKNOWN : next);
  }
  return forgetOld(moments);
};

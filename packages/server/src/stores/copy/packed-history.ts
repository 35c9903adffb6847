import { UNKNOWN } from '../../grants/rotation-history.ts';
import type { Millis } from '../../clock.ts';
import type { RotationHistory } from '../../grants/rotation-history.ts';

/**
 * A rotation history as a row stores it, and as a copy carries it: the newest rotation, and 3 bytes for each gap before it,
 * newest first. A refresh only prepends one gap, so a statement can do it without reading the row.
 */
export type PackedHistory = { readonly rotatedAtMs: Millis | null; readonly earlier: Buffer };

export const GAP_BYTES = 3;

/** 70 minutes. */
const SECONDS_FROM_MS = 4_200_000;
/** 78 days and 18 hours. */
const MINUTES_FROM_MS = 6_804_000_000;
const MINUTES_FROM_CODE = SECONDS_FROM_MS + (MINUTES_FROM_MS - SECONDS_FROM_MS) / 1000;

/**
 * A gap is stored as a code: `code` stands for `fromMs`, and each code after it for `unitMs` more. So a gap that may be inside
 * an overlap is exact, a longer one is cut to the second, and one of months to the minute. What was before a cut gap looks
 * younger by what was cut.
 */
export const GAP_UNITS = [
  { code: 0, fromMs: 0, unitMs: 1 },
  { code: SECONDS_FROM_MS, fromMs: SECONDS_FROM_MS, unitMs: 1000 },
  { code: MINUTES_FROM_CODE, fromMs: MINUTES_FROM_MS, unitMs: 60_000 },
] as const;

/** Almost eleven years. A longer gap is cut to it. */
export const GAP_CODE_MAX = 0xff_fffd;
/** Stands for a rotation whose moment is unknown. */
export const UNKNOWN_GAP = 0xff_ffff;

export const packHistory = (moments: RotationHistory): PackedHistory => {
  const newest = moments.at(-1);
  const bytes = Buffer.alloc(Math.max(0, moments.length - 1) * GAP_BYTES);
  let next = newest ?? UNKNOWN;
  for (let back = 1; back < moments.length; back++) {
    const moment = moments[moments.length - 1 - back] ?? UNKNOWN;
    const code = moment === UNKNOWN ? UNKNOWN_GAP : codeBetween(moment, next);
    bytes.writeUIntBE(code, (back - 1) * GAP_BYTES, GAP_BYTES);
    if (moment !== UNKNOWN) next = Math.min(next, moment);
  }
  return { rotatedAtMs: newest ?? null, earlier: bytes };
};

/** The code of the gap from a moment to the next one. No history goes back. */
export const codeBetween = (moment: Millis, next: Millis): number => {
  const gapMs = Math.max(0, next - moment);
  // Each unit is coarser than the one before, so the smallest code is that of the right one.
  let least = GAP_CODE_MAX;
  for (const { code, fromMs, unitMs } of GAP_UNITS)
    least = Math.min(least, code + Math.floor((gapMs - fromMs) / unitMs));
  return least;
};

/** The gap that a code stands for: cut, never longer than what was stored. */
export const gapOf = (gapCode: number): Millis => {
  let gapMs = 0;
  for (const { code, fromMs, unitMs } of GAP_UNITS)
    gapMs = Math.max(gapMs, fromMs + (gapCode - code) * unitMs);
  return gapMs;
};

/** The reverse of `packHistory`; empty for a grant that was never refreshed. */
export const unpackHistory = ({ rotatedAtMs, earlier }: PackedHistory): RotationHistory => {
  if (rotatedAtMs === null) return [];
  const moments = [rotatedAtMs];
  let next = rotatedAtMs;
  for (let at = 0; at < earlier.length; at += GAP_BYTES) {
    const code = earlier.readUIntBE(at, GAP_BYTES);
    if (code !== UNKNOWN_GAP) next -= gapOf(code);
    moments.unshift(code === UNKNOWN_GAP ? UNKNOWN : next);
  }
  return moments;
};

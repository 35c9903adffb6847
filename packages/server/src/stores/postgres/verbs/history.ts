import { forgetOld, ROTATIONS_MAX, UNKNOWN } from '../../../grants/rotation-history.ts';
import type { RotationHistory } from '../../../grants/rotation-history.ts';

/**
 * The moments of a grant's rotations as a row keeps them: the newest in a column of its own, and `earlier` with 3 bytes
 * for each gap before it, newest first. So the refresh that adds a moment writes no other, and a statement can do it
 * that has not read the row: `ADD_MOMENT`.
 */
export type KeptHistory = { readonly rotatedAtMs: number | null; readonly earlier: Buffer };

const GAP_BYTES = 3;
/** In the place of a gap: a rotation whose moment is unknown. */
const UNKNOWN_GAP = 0xff_ffff;
/** Two hours and a quarter, either way. A longer one is cut to it. */
const GAP_MAX_MS = 0x7f_0000;
/** A moment before a gap that was cut: before any overlap, however far a clock is set back. */
const LONG_AGO = 1;

export const packHistory = (moments: RotationHistory): KeptHistory => {
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

/** What `packHistory` packed, and `ADD_MOMENT` added to; nothing for a grant never refreshed. */
export const unpackHistory = ({ rotatedAtMs, earlier }: KeptHistory): RotationHistory => {
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

/** SQL for `earlier` after a rotation at the moment that `nowMs`, SQL too, stands for; of the columns of `grants`. */
export const ADD_MOMENT = (nowMs: string): string => `CASE WHEN g.rotated_at_ms IS NULL THEN g.earlier
  ELSE substring(decode(lpad(to_hex(
    least(greatest(${nowMs} - g.rotated_at_ms, -${GAP_MAX_MS}), ${GAP_MAX_MS}) + ${GAP_MAX_MS}), 6, '0'), 'hex')
    || g.earlier FROM 1 FOR ${(ROTATIONS_MAX - 1) * GAP_BYTES}) END`;

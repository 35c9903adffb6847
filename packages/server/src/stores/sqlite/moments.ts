import { ROTATIONS_MAX, UNKNOWN } from '../../grants/rotation-history.ts';
import type { RotationHistory } from '../../grants/rotation-history.ts';

const NEWEST_BYTES = 6;
const GAP_BYTES = 3;
const HISTORY_BYTES = NEWEST_BYTES + (ROTATIONS_MAX - 1) * GAP_BYTES;

/** In the place of a gap: a rotation whose moment is unknown, and none at all. */
const UNKNOWN_GAP = 0xff_ffff;
const BLANK = 0xff_fffe;
/** Two hours and a quarter, either way. A longer one is cut to it. */
const GAP_MAX_MS = 0x7f_0000;
/** A moment before a gap that was cut: before any overlap, however far a clock is set back. */
const LONG_AGO = 1;

/**
 * The moments as a row keeps them: the newest in 6 bytes, then, going back, the milliseconds from each to the next
 * known one in 3. Blanks fill it up, so that a row keeps its size however often its grant is refreshed.
 */
export const packMoments = (moments: RotationHistory): Uint8Array | null => {
  const newest = moments.at(-1);
  if (newest === undefined) return null;
  const bytes = Buffer.allocUnsafe(HISTORY_BYTES);
  bytes.writeUIntBE(newest, 0, NEWEST_BYTES);
  let next = newest;
  let at = NEWEST_BYTES;
  for (let index = moments.length - 2; index >= 0; index--) {
    const moment = moments[index] ?? UNKNOWN;
    const gap = Math.max(-GAP_MAX_MS, Math.min(GAP_MAX_MS, next - moment));
    writeGap(bytes, at, moment === UNKNOWN ? UNKNOWN_GAP : gap + GAP_MAX_MS);
    if (moment !== UNKNOWN) next -= gap;
    at += GAP_BYTES;
  }
  for (; at < HISTORY_BYTES; at += GAP_BYTES) writeGap(bytes, at, BLANK);
  return bytes;
};

/** What `packMoments` packed; nothing for a grant never refreshed. */
export const unpackMoments = (bytes: unknown): RotationHistory => {
  if (!(bytes instanceof Uint8Array)) return [];
  if (bytes.length !== HISTORY_BYTES) return unpackOlder(bytes);
  let count = 1;
  while (count < ROTATIONS_MAX && readGap(bytes, count) !== BLANK) count++;
  const moments = Array<number>(count);
  let next = readMoment(bytes, 0);
  let isLongAgo = false;
  moments[count - 1] = next;
  for (let back = 1; back < count; back++) {
    const gap = readGap(bytes, back);
    isLongAgo ||= gap === 2 * GAP_MAX_MS;
    if (gap !== UNKNOWN_GAP) next = isLongAgo ? LONG_AGO : next - (gap - GAP_MAX_MS);
    moments[count - 1 - back] = gap === UNKNOWN_GAP ? UNKNOWN : next;
  }
  return moments;
};

/** Schemas 1 and 2: 6 bytes a moment, oldest first. */
const unpackOlder = (bytes: Uint8Array): RotationHistory =>
  Array.from({ length: bytes.length / NEWEST_BYTES }, (_, index) =>
    readMoment(bytes, index * NEWEST_BYTES),
  ).slice(-ROTATIONS_MAX);

const readMoment = (bytes: Uint8Array, from: number): number => {
  let moment = 0;
  for (let at = from; at < from + NEWEST_BYTES; at++) moment = moment * 256 + (bytes[at] ?? 0);
  return moment;
};

const writeGap = (bytes: Uint8Array, at: number, gap: number): void => {
  bytes[at] = gap >> 16;
  bytes[at + 1] = gap >> 8;
  bytes[at + 2] = gap;
};

/** The gap so many steps back from the newest moment, from 1. */
const readGap = (bytes: Uint8Array, back: number): number => {
  const at = NEWEST_BYTES + (back - 1) * GAP_BYTES;
  return ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
};

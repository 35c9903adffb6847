import type { Millis } from '../../clock.ts';
import { StoreError } from '../../errors.ts';
import { ROTATIONS_MAX, UNKNOWN } from '../../grants/rotation-history.ts';
import type { RotationHistory } from '../../grants/rotation-history.ts';
import { codeBetween, GAP_BYTES, gapOf, UNKNOWN_GAP } from '../copy/packed-history.ts';

/** At the beginning. */
export const NEWEST_BYTES = 6;
export const PACKED_BYTES = NEWEST_BYTES + (ROTATIONS_MAX - 1) * GAP_BYTES;

/** Fills the row up where there are fewer rotations. */
const BLANK = 0xff_fffe;

/**
 * A rotation history as a row stores it: the newest moment in 6 bytes, then, going back, the gap from each
 * moment to the next known one in 3 (`GAP_UNITS`). Blanks fill it up, so that a row keeps its size however often its grant is
 * refreshed.
 */
export const packRotations = (history: RotationHistory): Uint8Array | null => {
  const newest = history.at(-1);
  if (newest === undefined) return null;
  const bytes = Buffer.allocUnsafe(PACKED_BYTES);
  bytes.writeUIntBE(newest, 0, NEWEST_BYTES);
  let next = newest;
  let at = NEWEST_BYTES;
  for (let index = history.length - 2; index >= 0; index--) {
    const moment = history[index] ?? UNKNOWN;
    writeCode(bytes, at, moment === UNKNOWN ? UNKNOWN_GAP : codeBetween(moment, next));
    if (moment !== UNKNOWN) next = Math.min(next, moment);
    at += GAP_BYTES;
  }
  for (; at < PACKED_BYTES; at += GAP_BYTES) writeCode(bytes, at, BLANK);
  return bytes;
};

/** What follows the newest moment and the first gap in a history that a rotation was added to: all but its oldest gap, as it was. */
const KEPT_BYTES = PACKED_BYTES - NEWEST_BYTES - GAP_BYTES;

/** SQL for a column with `bytes`, as `packNewest` writes them, put before the moments that it had. */
export const prependRotation = (column: string, bytes: string): string =>
  `CAST(${bytes} || substr(${column}, ${NEWEST_BYTES + 1}, ${KEPT_BYTES}) AS BLOB)`;

/** The newest moment and the gap to the one before it. The next call writes to the same bytes. */
export const packNewest = (newest: Millis, before: Millis): Uint8Array => {
  written.writeUIntBE(newest, 0, NEWEST_BYTES);
  writeCode(written, NEWEST_BYTES, codeBetween(before, newest));
  return written;
};

const written = Buffer.alloc(NEWEST_BYTES + GAP_BYTES);

/** The reverse of `packRotations`; empty for a grant that was never refreshed. */
export const unpackRotations = (bytes: unknown): RotationHistory => {
  if (!(bytes instanceof Uint8Array)) return [];
  if (bytes.length !== PACKED_BYTES)
    throw new StoreError('unavailable', 'a value in grants.rotations is not one that keyfob writes');
  let count = 1;
  while (count < ROTATIONS_MAX && readCode(bytes, count) !== BLANK) count++;
  const history = Array<number>(count);
  let next = readNewest(bytes);
  history[count - 1] = next;
  for (let back = 1; back < count; back++) {
    const code = readCode(bytes, back);
    if (code !== UNKNOWN_GAP) next -= gapOf(code);
    history[count - 1 - back] = code === UNKNOWN_GAP ? UNKNOWN : next;
  }
  return history;
};

const readNewest = (bytes: Uint8Array): number => {
  let moment = 0;
  for (let at = 0; at < NEWEST_BYTES; at++) moment = moment * 256 + (bytes[at] ?? 0);
  return moment;
};

const writeCode = (bytes: Uint8Array, at: number, code: number): void => {
  bytes[at] = code >> 16;
  bytes[at + 1] = code >> 8;
  bytes[at + 2] = code;
};

/** The code of the gap so many steps back from the newest moment, from 1. */
const readCode = (bytes: Uint8Array, back: number): number => {
  const at = NEWEST_BYTES + (back - 1) * GAP_BYTES;
  return ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
};

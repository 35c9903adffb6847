import type { Millis } from './time.ts';

/** Both clocks at one moment. */
export type Reading = { readonly wallMs: Millis; readonly monotonicMs: Millis };

/**
 * A jump forward of the wall clock. A moment that was stored before `beforeMs` may be younger than it looks, by `byMs`:
 * nobody knows whether the clock was set, or the machine stood still.
 */
export type Jump = { readonly beforeMs: Millis; readonly byMs: Millis };

/**
 * The time of a keeper: monotonic time, plus the highest offset that the wall clock has had against it. It never goes back,
 * and it never stands still while the process runs.
 */
export type Timeline = { readonly offsetMs: Millis; readonly jumps: readonly Jump[] };

/** What a store knows about the time, for the next process. */
export type NotedTime = Timeline & {
  /** Where the monotonic clock of the one who noted it counts the same; empty for unknown. */
  readonly boot: string;
  /** The newest moment that is known to have been. */
  readonly newestMs: Millis;
};

const FUTURE_MS = 5000;

/** Whether a stored moment was written before the clock was put back. Only the clock of a database can be. */
export const isFromFuture = (atMs: Millis, nowMs: Millis): boolean => atMs > nowMs + FUTURE_MS;

/** A step beyond this is a jump. Less is followed, as NTP adjusts a clock. */
export const JUMP_MS = 1000;
/** What was stored before older jumps is long over. */
const JUMPS_MAX = 16;

/** The timeline of a process that starts. Where it has no monotonic clock in common with the last one, the newest noted moment counts. */
export const startTimeline = (
  { wallMs, monotonicMs }: Reading,
  boot: string,
  noted: NotedTime | undefined,
): Timeline => {
  if (noted === undefined) return { offsetMs: wallMs - monotonicMs, jumps: [] };
  const isSameBoot = boot !== '' && boot === noted.boot;
  const offsetMs = isSameBoot ? noted.offsetMs : noted.newestMs - monotonicMs;
  return readTimeline({ offsetMs, jumps: noted.jumps }, { wallMs, monotonicMs });
};

/** The timeline after one more reading. The same object where nothing has changed. */
export const readTimeline = (before: Timeline, { wallMs, monotonicMs }: Reading): Timeline => {
  const byMs = wallMs - monotonicMs - before.offsetMs;
  if (byMs <= 0) return before;
  const offsetMs = before.offsetMs + byMs;
  if (byMs <= JUMP_MS) return { offsetMs, jumps: before.jumps };
  return { offsetMs, jumps: withJump(before.jumps, { beforeMs: wallMs, byMs }) };
};

/** The list with one more jump. */
export const withJump = (jumps: readonly Jump[], jump: Jump): readonly Jump[] =>
  [...jumps, jump].slice(-JUMPS_MAX);

/** The timeline of one who hears what another process of the same boot knows: the higher of two, because time never goes back. */
export const joinTimelines = (own: Timeline, other: Timeline): Timeline =>
  other.offsetMs > own.offsetMs + JUMP_MS ? other : own;

/** The latest moment that a stored one may have been. */
export const latestOf = (jumps: readonly Jump[], atMs: Millis): Millis =>
  jumps.reduce(
    (latestMs, { beforeMs, byMs }) => (latestMs < beforeMs ? Math.min(latestMs + byMs, beforeMs) : latestMs),
    atMs,
  );

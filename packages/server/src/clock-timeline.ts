import type { ClockDoubt, Millis } from './clock.ts';

/** What a clock shows at one moment. `monotonicMs` counts from any point, and nobody can set it. */
export type ClockReading = { readonly wallMs: Millis; readonly monotonicMs: Millis };

/**
 * A clock as it was read, against the monotonic clock. An offset is wall minus monotonic: it stays the same as long as
 * nobody sets the clock.
 */
export type Timeline = {
  readonly offsetMs: Millis;
  /** The lowest offset that nothing excludes: the doubt is what lies between it and the offset in use. */
  readonly lowestMs: Millis;
  /**
   * The offset of the newest moment that the store knew at the start. If it knew none, `undefined` until the process has run
   * for a while, because machines set their clocks soon after they start.
   */
  readonly floorMs: Millis | undefined;
  /** When a floor is taken from the clock itself. Monotonic. */
  readonly floorAtMs: Millis;
  readonly doubtBeforeMs: Millis;
  readonly readAtMs: Millis;
  /** When the doubt, if there is one, settles by itself. Monotonic. */
  readonly settlesAtMs: Millis;
};

/** A step of the clock beyond this is a jump. Less is followed, as NTP adjusts a clock. */
export const JUMP_MS = 2000;
/** A clock that drifts or is adjusted gains or loses at most this share of the time between two readings. */
const SLEW = 0.001;
/** Readings that are closer together than this show nothing new, unless they differ by a millisecond. */
const READ_EVERY_MS = 100;
/** A store that no server used for so long may show a wrong clock; for less, that is an ordinary stop. */
export const START_GAP_MS = 15 * 60_000;
/** After which a clock that no store could check counts as checked. */
const FLOOR_AFTER_MS = 10 * 60_000;
/** A clock that is further behind the store than this cannot be right: time goes on from the store's newest moment. */
export const BEHIND_MAX_MS = 3_600_000;

/**
 * The timeline of a process that starts. It cannot know of jumps before its start, so it compares the clock with `seenAtMs`,
 * the newest moment that a server of the store has noted.
 */
export const startTimeline = ({ wallMs, monotonicMs }: ClockReading, seenAtMs?: Millis): Timeline => {
  const offsetMs = wallMs - monotonicMs;
  const floorMs = seenAtMs === undefined ? undefined : seenAtMs - monotonicMs;
  const isGap = floorMs !== undefined && offsetMs - floorMs > START_GAP_MS;
  const start = {
    offsetMs,
    floorMs,
    readAtMs: monotonicMs,
    doubtBeforeMs: 0,
    settlesAtMs: 0,
    lowestMs: 0,
    floorAtMs: monotonicMs + FLOOR_AFTER_MS,
  };
  const usedMs = usedOffset(start);
  return withDoubt({ ...start, lowestMs: isGap ? floorMs : usedMs });
};

/**
 * The timeline after one more reading, and by how much the clock jumped, if it did. `errorMs` is how inexact the reading may
 * be; a difference within it is none.
 */
export const readTimeline = (
  before: Timeline,
  { wallMs, monotonicMs }: ClockReading,
  errorMs: Millis = 0,
): { readonly timeline: Timeline; readonly jumpMs: Millis | undefined } => {
  const byMs = wallMs - monotonicMs - before.offsetMs;
  const sinceMs = monotonicMs - before.readAtMs;
  // Most readings end here, several for each request.
  if (Math.abs(byMs) < 1 && sinceMs >= 0 && sinceMs < READ_EVERY_MS)
    return { timeline: before, jumpMs: undefined };
  const settled = withFloor(monotonicMs >= before.settlesAtMs ? settleTimeline(before) : before);
  const boundMs = JUMP_MS + errorMs + SLEW * Math.abs(sinceMs);
  if (Math.abs(byMs) <= boundMs) {
    const slewMs = Math.abs(byMs) <= errorMs ? 0 : byMs;
    return { timeline: slew({ ...settled, readAtMs: monotonicMs }, slewMs), jumpMs: undefined };
  }
  const jumped = { ...settled, offsetMs: before.offsetMs + byMs, readAtMs: monotonicMs };
  const usedMs = usedOffset(jumped);
  return { timeline: withDoubt({ ...jumped, lowestMs: Math.min(settled.lowestMs, usedMs) }), jumpMs: byMs };
};

/** The timeline of a clock that may be ahead by so much, because another clock is behind it. */
export const doubtTimeline = (timeline: Timeline, byMs: Millis): Timeline =>
  withDoubt({ ...timeline, lowestMs: Math.min(timeline.lowestMs, usedOffset(timeline) - byMs) });

/** The timeline once the doubt has passed. */
const settleTimeline = (timeline: Timeline): Timeline => ({ ...timeline, lowestMs: usedOffset(timeline) });

/** The timeline of a clock that is right, whatever the store knows: by the word of an operator or of another clock. */
export const trustTimeline = (timeline: Timeline): Timeline => ({
  ...timeline,
  floorMs: undefined,
  lowestMs: timeline.offsetMs,
  floorAtMs: timeline.readAtMs + FLOOR_AFTER_MS,
});

const withFloor = (timeline: Timeline): Timeline =>
  timeline.floorMs === undefined && timeline.readAtMs >= timeline.floorAtMs
    ? { ...timeline, floorMs: timeline.offsetMs }
    : timeline;

export const momentOf = (timeline: Timeline, monotonicMs: Millis): Millis =>
  Math.round(monotonicMs + usedOffset(timeline));

/** The earliest moment that the present may be. */
export const earliestOf = (timeline: Timeline, monotonicMs: Millis): Millis =>
  Math.round(monotonicMs + timeline.lowestMs);

export const doubtOf = (timeline: Timeline): ClockDoubt | undefined => {
  const byMs = Math.round(usedOffset(timeline) - timeline.lowestMs);
  return byMs > JUMP_MS ? { beforeMs: timeline.doubtBeforeMs, byMs } : undefined;
};

/** By how much the clock is behind the newest moment of the store, if that is more than a wrong clock explains. */
export const behindOf = ({ offsetMs, floorMs }: Timeline): Millis | undefined =>
  floorMs !== undefined && floorMs - offsetMs > BEHIND_MAX_MS ? floorMs - offsetMs : undefined;

const usedOffset = (timeline: Pick<Timeline, 'offsetMs' | 'floorMs'>): Millis =>
  timeline.offsetMs + (behindOf(timeline as Timeline) ?? 0);

const slew = (timeline: Timeline, byMs: Millis): Timeline =>
  byMs === 0
    ? timeline
    : {
        ...timeline,
        offsetMs: timeline.offsetMs + byMs,
        lowestMs: timeline.lowestMs + byMs,
        floorMs: timeline.floorMs === undefined ? undefined : timeline.floorMs + byMs,
      };

/**
 * What happened until now is in doubt. It settles when as much time has passed as is in doubt, because what was valid by
 * the lower clock has then had as much time as by the higher one.
 */
const withDoubt = (timeline: Timeline): Timeline => {
  const byMs = usedOffset(timeline) - timeline.lowestMs;
  return {
    ...timeline,
    doubtBeforeMs: momentOf(timeline, timeline.readAtMs),
    settlesAtMs: timeline.readAtMs + byMs,
  };
};

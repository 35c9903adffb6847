import type { Clock, ClockDoubt, Millis } from './clock.ts';
import {
  behindOf,
  doubtOf,
  doubtTimeline,
  earliestOf,
  momentOf,
  readTimeline,
  startTimeline,
  trustTimeline,
} from './clock-timeline.ts';
import type { Timeline } from './clock-timeline.ts';
import type { Emit, LogEvent } from './log-event.ts';

/** The one source of time of a process. */
export type ClockSource = {
  /** The present moment: by the database's clock where there is one, otherwise by the machine's. */
  readonly now: Clock;
  /** What is in doubt; `undefined` for nothing. */
  doubt(): ClockDoubt | undefined;
  /** The earliest moment that the present may be. */
  earliest(): Millis;
  /** Milliseconds that nobody can set, from any point. For what waits or drains. */
  readonly monotonic: Clock;
  /** By how much the machine's clock is ahead of `now`; negative if it is behind. */
  skewMs(): Millis;
  /** Whether the machine's clock is so far from the database's that it should get no requests. */
  isFarOff(): boolean;
  /** Follows the database's clock from now on. */
  noteDatabase(reading: DatabaseReading): void;
  /** Calls `listener` after every jump. One listener at a time. */
  onJump(listener: () => void): void;
  /** Reports what was found so far. From then on, everything is reported at once. */
  report(): void;
};

/** The database's clock, as a statement showed it between two moments of the monotonic clock. */
export type DatabaseReading = {
  readonly databaseMs: Millis;
  readonly sentAtMs: Millis;
  readonly answeredAtMs: Millis;
};

export type ClockSourceContext = {
  readonly wall: Clock;
  /** `wall` itself for a clock that never jumps, such as one that tests move. */
  readonly monotonic: Clock;
  /** What a server of this store noted last. */
  readonly seenAtMs?: Millis | undefined;
  readonly database?: DatabaseReading | undefined;
  /** Whether the operator has checked the clock, so that nothing contradicts it. */
  readonly isTrusted?: boolean;
  readonly emit: Emit;
};

/** Two clocks that differ by less than this agree. */
const AGREEMENT_MS = 5000;
/** A machine whose clock differs from the database's by more than this should get no requests. */
const SKEW_MAX_MS = 3_600_000;
/** A server that starts later than this after the newest moment of the store reports it. A shorter stop is usual. */
const AHEAD_REPORTED_MS = 86_400_000;

/** Compares a clock with the monotonic clock at every reading, and reports where it jumps or contradicts another. */
export const createClockSource = (context: ClockSourceContext): ClockSource => {
  const { wall, monotonic, seenAtMs, database, isTrusted = false } = context;
  let waiting: LogEvent[] | undefined = [];
  const emit = (event: LogEvent): void =>
    waiting === undefined ? context.emit(event) : void waiting.push(event);
  let followsDatabase = database !== undefined;
  let skew: 'none' | 'near' | 'far' = 'none';
  let listener: (() => void) | undefined;
  let timeline = startTimeline(
    database === undefined ? { wallMs: wall(), monotonicMs: monotonic() } : middleOf(database),
    seenAtMs,
  );

  const replace = (next: Timeline, cause: 'time' | 'stepped_back' | 'database' | 'operator'): void => {
    const wasInDoubt = doubtOf(timeline) !== undefined;
    timeline = next;
    if (wasInDoubt && doubtOf(next) === undefined) emit({ event: 'clock.settled', cause });
  };

  const read = (reading: Parameters<typeof readTimeline>[1], errorMs = 0): void => {
    const { timeline: next, jumpMs } = readTimeline(timeline, reading, errorMs);
    if (jumpMs === undefined) return replace(next, 'time');
    const direction = jumpMs > 0 ? 'forward' : 'back';
    const byMs = Math.abs(Math.round(jumpMs));
    emit({ event: 'clock.jumped', direction, byMs, doubtMs: doubtOf(next)?.byMs ?? 0 });
    replace(next, 'stepped_back');
    listener?.();
  };

  const skewMs = (): Millis => Math.round(wall() - momentOf(timeline, monotonic()));

  /** A machine and a database that agree are both right. Where they are far apart, either may be wrong. */
  const compareWithDatabase = (errorMs: Millis): void => {
    const byMs = skewMs();
    const before = skew;
    const isApart = Math.abs(byMs) > AGREEMENT_MS + errorMs;
    skew = isApart ? (Math.abs(byMs) > SKEW_MAX_MS ? 'far' : 'near') : 'none';
    if (skew === 'none') replace(trustTimeline(timeline), 'database');
    if (skew === 'far' && before !== 'far') timeline = doubtTimeline(timeline, Math.max(0, 0 - byMs));
    if (skew !== 'none' && before === 'none')
      emit({ event: 'clock.skewed', direction: byMs > 0 ? 'ahead' : 'behind', byMs: Math.abs(byMs) });
  };

  const start = (): void => {
    if (isTrusted) return replace(trustTimeline(timeline), 'operator');
    if (database !== undefined) compareWithDatabase(errorOf(database));
    const behindMs = behindOf(timeline);
    const aheadMs = doubtOf(timeline)?.byMs ?? 0;
    if (behindMs !== undefined) emit({ event: 'clock.contradicted', direction: 'behind', byMs: behindMs });
    else if (aheadMs > AHEAD_REPORTED_MS)
      emit({ event: 'clock.contradicted', direction: 'ahead', byMs: aheadMs });
  };
  start();

  const now = (): Millis => {
    const monotonicMs = monotonic();
    if (!followsDatabase) read({ wallMs: wall(), monotonicMs });
    return momentOf(timeline, monotonicMs);
  };

  return {
    now,
    doubt: () => doubtOf(timeline),
    earliest() {
      now();
      return earliestOf(timeline, monotonic());
    },
    monotonic,
    skewMs,
    isFarOff: () => skew === 'far',
    noteDatabase(reading) {
      followsDatabase = true;
      read(middleOf(reading), errorOf(reading));
      compareWithDatabase(errorOf(reading));
    },
    onJump(next) {
      listener = next;
    },
    report() {
      const found = waiting ?? [];
      waiting = undefined;
      for (const event of found) context.emit(event);
    },
  };
};

const errorOf = ({ sentAtMs, answeredAtMs }: DatabaseReading): Millis => (answeredAtMs - sentAtMs) / 2;

const middleOf = ({ databaseMs, sentAtMs, answeredAtMs }: DatabaseReading) => ({
  wallMs: databaseMs,
  monotonicMs: (sentAtMs + answeredAtMs) / 2,
});

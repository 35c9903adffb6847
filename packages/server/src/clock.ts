declare const unit: unique symbol;

/**
 * Integer seconds. A plain number may stand for one; a `Millis` may not. The same holds the other way round, so that the
 * compiler finds the two where they are mixed up.
 */
export type Seconds = number & { readonly [unit]?: 'seconds' };

/** Integer milliseconds. Moments are counted from the Unix epoch. */
export type Millis = number & { readonly [unit]?: 'milliseconds' };

/** The present moment. Passed in wherever time matters, so that tests move it. */
export type Clock = () => Millis;

/** The machine's own clock. */
export const systemClock: Clock = () => Date.now();

/** Milliseconds that nobody can set, from any point. For what waits or drains. */
export const systemMonotonic: Clock = () => performance.now();

/**
 * What is in doubt after the clock has jumped, or while the store contradicts it: whatever happened before `beforeMs` may be
 * younger than it looks, by at most `byMs`. Later moments are not in doubt.
 */
export type ClockDoubt = { readonly beforeMs: Millis; readonly byMs: Millis };

/**
 * The present moment, and what is in doubt about the moments before it. Whatever measures an age takes it whole: `doubt` is
 * `undefined` for nothing, and never left out.
 */
export type Now = { readonly nowMs: Millis; readonly doubt: ClockDoubt | undefined };

/** Where the present moment is read. */
export type TimeContext = {
  readonly clock: Clock;
  /** What is in doubt about the present moment; `undefined` for nothing. */
  readonly doubt: () => ClockDoubt | undefined;
};

/** The present moment. The clock is read first, because a reading can find that it has jumped. */
export const readNow = ({ clock, doubt }: TimeContext): Now => {
  const nowMs = clock();
  return { nowMs, doubt: doubt() };
};

/**
 * How long ago a moment is at least, with what is in doubt, if anything. A moment in the future is 0 ago. What happened
 * before a jump is at least as old as the jump.
 */
export const leastAgeMs = (atMs: Millis, { nowMs, doubt }: Now): Millis => {
  if (doubt === undefined || atMs >= doubt.beforeMs) return Math.max(0, nowMs - atMs);
  return Math.max(0, nowMs - doubt.beforeMs, nowMs - atMs - doubt.byMs);
};

/** The latest moment that is at least so long ago, as `leastAgeMs` counts: a condition for SQL. */
export const latestMomentOfAge = (ageMs: Millis, { nowMs, doubt }: Now): Millis => {
  const byMs = doubt !== undefined && doubt.beforeMs > nowMs - ageMs ? doubt.byMs : 0;
  return nowMs - ageMs - byMs;
};

/** The earliest moment that the present may be. */
export const earliestMsOf = ({ nowMs, doubt }: Now): Millis => nowMs - (doubt?.byMs ?? 0);

/** Whether a lifetime is over; `in_doubt` if the clock says so, and only what is in doubt about it says otherwise. */
export type Ending = 'running' | 'in_doubt' | 'over';

/** Whether a lifetime that began at `from` is over. Counted in whole seconds, as tokens and answers carry them. */
export const endingOf = (from: Seconds, lifetimeSeconds: Seconds, now: Now): Ending => {
  const fromMs = toMillis(from);
  if (leastAgeMs(fromMs, now) >= toMillis(lifetimeSeconds)) return 'over';
  return now.nowMs >= toMillis(from + lifetimeSeconds) ? 'in_doubt' : 'running';
};

/** Servers whose clocks are right may differ by less. */
const AHEAD_MAX_MS = 15 * 60_000;

/** Whether something was issued so far in the future that the clock which issued it ran ahead. It would last longer by as much. */
export const isFromFuture = (issuedAt: Seconds, nowMs: Millis): boolean =>
  toMillis(issuedAt) > nowMs + AHEAD_MAX_MS;

const ENDINGS: readonly Ending[] = ['over', 'in_doubt', 'running'];

/** The ending of what is over as soon as one of several lifetimes is. */
export const firstEnding = (...endings: readonly Ending[]): Ending =>
  ENDINGS.find((ending) => endings.includes(ending)) ?? 'running';

/** Whole seconds, as tokens and answers on the wire carry them; what is left of a second is dropped. */
export const toSeconds = (milliseconds: Millis): Seconds => Math.floor(milliseconds / 1000);

/** The same time in milliseconds. */
export const toMillis = (seconds: Seconds): Millis => seconds * 1000;

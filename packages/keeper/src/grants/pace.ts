import type { Millis } from '../time.ts';

/**
 * A client that sends less than its budget allows: after its provider asked for less, or after it was stopped. `share` is
 * from 0 to 1, and it grows from `sinceMs` on.
 */
export type Pace = { readonly share: number; readonly sinceMs: Millis };

/** No wait of a client is longer: what is further ahead was written before the clock was put back. */
export const WAIT_MAX_MS = 3_600_000;

/** Of the whole budget, per minute: a client that was stopped is back at full speed after nine minutes. */
const GROWTH_PER_MINUTE = 0.1;
const AFTER_STOP = 0.1;
/** Less would keep a client still for longer than its provider asked for. */
const SHARE_MIN = 1 / 64;

/** The part of its budget that a client may use now. */
export const shareOf = (pace: Pace | undefined, nowMs: Millis): number =>
  pace === undefined || pace.sinceMs > nowMs + WAIT_MAX_MS
    ? 1
    : Math.min(1, pace.share + (GROWTH_PER_MINUTE * Math.max(0, nowMs - pace.sinceMs)) / 60_000);

/** After the provider asked for a pause until `untilMs`: half of what it was, and more again after the pause. */
export const slowDown = (pace: Pace | undefined, nowMs: Millis, untilMs: Millis): Pace => ({
  share: Math.max(SHARE_MIN, shareOf(pace, nowMs) / 2),
  sinceMs: Math.max(nowMs, untilMs),
});

/** After a stopped client works again: what has waited meanwhile does not come in one moment. */
export const startSlowly = (pace: Pace | undefined, nowMs: Millis): Pace => ({
  share: Math.min(AFTER_STOP, shareOf(pace, nowMs)),
  sinceMs: nowMs,
});

import type { Millis } from '../clock.ts';

/** How many attempts a delivery gets: with the delays between them, about three days. */
export const ATTEMPTS_MAX = 20;

const FIRST_DELAY_MS = 5000;
const FACTOR = 3;
const DELAY_MAX_MS = 6 * 3_600_000;
/** A delay is up to this share longer or shorter, so that deliveries that failed together are not retried together. */
const JITTER = 0.2;

/**
 * How long a failed delivery waits, in milliseconds: 5 s, 15 s, 45 s and so on, at most six hours. `undefined` gives it up.
 * Attempts decide and no clock does, so that a clock that is set gives nothing up. `attempts`: how many there were, from 1.
 * `chance` is from 0 to 1.
 */
export const scheduleRetry = ({
  attempts,
  chance,
}: {
  readonly attempts: number;
  readonly chance: number;
}): number | undefined =>
  attempts >= ATTEMPTS_MAX ? undefined : Math.round(delayAfter(attempts) * (1 + JITTER * (2 * chance - 1)));

const delayAfter = (attempts: number): number =>
  attempts === 0 ? 0 : Math.min(DELAY_MAX_MS, FIRST_DELAY_MS * FACTOR ** (attempts - 1));

/**
 * The longest that a delivery waits after so many attempts (the index), in milliseconds: for its next one, or for the end
 * of its lease. One that waits longer was scheduled by a clock that ran ahead.
 */
export const longestWaits = (leaseMs: Millis): readonly Millis[] =>
  Array.from({ length: ATTEMPTS_MAX }, (_, attempts) =>
    attempts === 0 ? 0 : Math.max(leaseMs, delayAfter(attempts) * (1 + JITTER)),
  );

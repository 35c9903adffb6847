/** How long the delivery of a grant event is retried. */
export const RETRIED_FOR_MS = 3 * 86_400_000;

const FIRST_DELAY_MS = 5000;
const FACTOR = 3;
const DELAY_MAX_MS = 6 * 3_600_000;
/** A delay is up to this share longer or shorter, so that deliveries that failed together are not retried together. */
const JITTER = 0.2;

/**
 * When a failed delivery is attempted next, in milliseconds: after 5 s, 15 s, 45 s and so on, at most six hours. Answers
 * `undefined`, which gives it up, if that is more than three days after the grant event. `chance` is from 0 to 1.
 */
export const scheduleRetry = ({
  attempts,
  grantEventAtMs,
  nowMs,
  chance,
}: {
  /** How many attempts there were, from 1. */
  readonly attempts: number;
  readonly grantEventAtMs: number;
  readonly nowMs: number;
  readonly chance: number;
}): number | undefined => {
  const delayMs = Math.min(DELAY_MAX_MS, FIRST_DELAY_MS * FACTOR ** (attempts - 1));
  const nextAtMs = Math.round(nowMs + delayMs * (1 + JITTER * (2 * chance - 1)));
  return nextAtMs > grantEventAtMs + RETRIED_FOR_MS ? undefined : nextAtMs;
};

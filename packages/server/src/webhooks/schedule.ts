/** How long a grant event is tried to be delivered. */
export const RETRIED_FOR_MS = 3 * 86_400_000;

const FIRST_DELAY_MS = 5000;
const FACTOR = 3;
const DELAY_MAX_MS = 6 * 3_600_000;
/** A delay is this share longer or shorter, so that what failed together does not come back together. */
const JITTER = 0.2;

/**
 * When a delivery that failed is attempted next, in milliseconds: after 5 s, 15 s, 45 s and so on, every six hours in the
 * end; `undefined` when three days since the grant event would be over by then, and it is given up. `chance` is from 0 to 1.
 */
export const scheduleRetry = ({
  attempts,
  grantEventAtMs,
  nowMs,
  chance,
}: {
  /** How many there were, from 1. */
  readonly attempts: number;
  readonly grantEventAtMs: number;
  readonly nowMs: number;
  readonly chance: number;
}): number | undefined => {
  const delayMs = Math.min(DELAY_MAX_MS, FIRST_DELAY_MS * FACTOR ** (attempts - 1));
  const nextAtMs = Math.round(nowMs + delayMs * (1 + JITTER * (2 * chance - 1)));
  return nextAtMs > grantEventAtMs + RETRIED_FOR_MS ? undefined : nextAtMs;
};

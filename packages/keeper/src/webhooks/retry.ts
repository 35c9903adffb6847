import type { Millis } from '../time.ts';

const ATTEMPTS_MAX = 20;
const FIRST_DELAY_MS = 5000;
const FACTOR = 3;
const DELAY_MAX_MS = 6 * 3_600_000;
/** A delay is up to this share longer or shorter. */
const JITTER = 0.2;

/**
 * How long a message waits after so many attempts: 5 s, 15 s, 45 s and so on, six hours at most; `undefined` gives it up,
 * after about three days. Attempts decide and no clock does. `chance` is from 0 to 1.
 */
export const retryIn = (attempts: number, chance: number): Millis | undefined =>
  attempts >= ATTEMPTS_MAX
    ? undefined
    : Math.round(
        Math.min(DELAY_MAX_MS, FIRST_DELAY_MS * FACTOR ** (attempts - 1)) * (1 + JITTER * (2 * chance - 1)),
      );

const REST_FIRST_MS = 1000;
const REST_MAX_MS = 60_000;

/** How long an endpoint rests after so many failures in a row: what waits for it does not knock all at once. */
export const restFor = (failures: number): Millis =>
  failures === 0 ? 0 : Math.min(REST_MAX_MS, REST_FIRST_MS * 2 ** Math.min(failures - 1, 10));

import type { Millis } from '../clock.ts';
import { currentIssuedAtMs } from './grant.ts';
import type { CurrentGrant } from './grant.ts';

/** A moment of a grant that was written by a wrong clock, unless the present clock is wrong. */
export type ClockFault = {
  /** `future_row`: the current token was issued later than now. `past_row`: it was issued before its grant was created. */
  readonly kind: 'future_row' | 'past_row';
  readonly byMs: Millis;
};

/** The clocks of nodes may differ by so much. */
const TOLERANCE_MS = 5000;

/** The clock fault that a grant shows at this moment, if any. */
export const findClockFault = (grant: CurrentGrant, nowMs: Millis): ClockFault | undefined => {
  const aheadMs = currentIssuedAtMs(grant) - nowMs;
  if (aheadMs > TOLERANCE_MS) return { kind: 'future_row', byMs: aheadMs };
  const { createdAtMs, rotatedAtMs, generation } = grant;
  // At generation 0 only an imported grant has a moment, that of another server.
  const beforeMs = generation === 0 ? 0 : createdAtMs - (rotatedAtMs.at(-1) ?? createdAtMs);
  return beforeMs > TOLERANCE_MS ? { kind: 'past_row', byMs: beforeMs } : undefined;
};

import type { Millis } from '../clock.ts';

const DAY_MS: Millis = 86_400_000;

/** From when on grant events are kept, and uses of grants are reported. What is in doubt about the clock counts as not passed. */
export const eventsKeptSinceMs = (earliestMs: Millis, grantEventDays: number): Millis =>
  earliestMs - grantEventDays * DAY_MS;

import { DAY, HOUR } from './scenario.ts';

/** A length of time as people say it, as in `3 days`. */
export const describeSpan = (seconds: number): string => {
  if (seconds % DAY === 0) return seconds === DAY ? '1 day' : `${seconds / DAY} days`;
  if (seconds % HOUR === 0) return seconds === HOUR ? '1 hour' : `${seconds / HOUR} hours`;
  return `${seconds} seconds`;
};

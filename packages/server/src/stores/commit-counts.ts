import type { Millis } from '../clock.ts';
import type { StoreFigures } from '../grants/store.ts';

/** Counts what a store commits, and how long it takes. */
export const createCommitCounts = () => {
  let [commits, commitMs, changes] = [0, 0, 0];
  return {
    /** A commit is done that began at this moment of `performance.now`. */
    note(units: number, beganAtMs: Millis): void {
      commits++;
      changes += units;
      commitMs += performance.now() - beganAtMs;
    },
    figures: (waiting: number): StoreFigures => ({
      commits,
      commitSeconds: commitMs / 1000,
      changes,
      waiting,
    }),
  };
};

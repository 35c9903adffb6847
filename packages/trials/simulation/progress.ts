import type { Outcome } from './simulate.ts';

/** The sums over all seeds so far. */
export type Sums = { seeds: number; presentations: number; grants: number; failed: Outcome[] };

const BAR = 30;

/** Shows a progress bar if standard error is a terminal. */
export const showProgress = (sums: Sums, total: number, startedMs: number): void => {
  if (!process.stderr.isTTY) return;
  const filled = Math.round((sums.seeds / total) * BAR);
  const rate = Math.round((sums.seeds * 1000) / Math.max(1, performance.now() - startedMs));
  const bar = `${'#'.repeat(filled)}${'.'.repeat(BAR - filled)}`;
  process.stderr.write(
    `\r[${bar}] ${sums.seeds}/${total} seeds, ${rate}/s, ${sums.failed.length} failed\x1b[K`,
  );
};

export const clearProgress = (): void => {
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
};

/** The last line of a run, as JSON or in words. */
export const summarize = (sums: Sums, startedMs: number, isJson: boolean): string => {
  const seconds = (performance.now() - startedMs) / 1000;
  const { seeds, presentations, grants, failed } = sums;
  const rate = Number((seeds / seconds).toFixed(1));
  const presentationRate = Math.round(presentations / seconds);
  return isJson
    ? JSON.stringify({
        seeds,
        presentations,
        grants,
        failed: failed.length,
        seconds: Math.round(seconds),
        rate,
        presentationRate,
      })
    : `${seeds} seeds, ${grants} grants, ${presentations} presentations in ${Math.round(seconds)} s (${rate} seeds and ${presentationRate} presentations/s): ${failed.length} failed`;
};

/** A failed seed, as JSON or in words. */
export const describeFailure = (outcome: Outcome, isJson: boolean): string =>
  isJson
    ? JSON.stringify(outcome)
    : [
        `seed ${outcome.seed} failed (${outcome.faults.join(' ')})`,
        ...outcome.violations.map(({ checker, what }) => `  ${checker}: ${what}`),
      ].join('\n');

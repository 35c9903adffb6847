/** What one check found. */
export type Finding = {
  readonly check: string;
  readonly verdict: 'ok' | 'warn' | 'fail';
  readonly finding: string;
  /** What to do; `null` where nothing is wrong. */
  readonly remedy: string | null;
};

/** Nothing is wrong. */
export const ok = (check: string, finding: string): Finding => ({
  check,
  verdict: 'ok',
  finding,
  remedy: null,
});

/** Something is wrong, and this is the remedy. */
export const bad = (check: string, verdict: 'warn' | 'fail', finding: string, remedy: string): Finding => ({
  check,
  verdict,
  finding,
  remedy,
});

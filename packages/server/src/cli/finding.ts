/** What one check of "keyfob doctor" found. */
export type Finding = {
  readonly check: string;
  readonly verdict: 'ok' | 'warn' | 'fail';
  readonly finding: string;
  readonly mend: string | null;
};

export const ok = (check: string, finding: string): Finding => ({
  check,
  verdict: 'ok',
  finding,
  mend: null,
});

export const bad = (check: string, verdict: 'warn' | 'fail', finding: string, mend: string): Finding => ({
  check,
  verdict,
  finding,
  mend,
});

/** What keeps no server from starting is a warning at worst; `mend` is `null` where nothing is wrong. */
export const warnOf = ({ check, finding, mend }: Omit<Finding, 'verdict'>): Finding =>
  mend === null ? ok(check, finding) : bad(check, 'warn', finding, mend);

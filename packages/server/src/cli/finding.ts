/** What one check of "keyfob doctor" found. */
export type Finding = {
  readonly check: string;
  readonly verdict: 'ok' | 'warn' | 'fail';
  readonly finding: string;
  readonly remedy: string | null;
};

export const ok = (check: string, finding: string): Finding => ({
  check,
  verdict: 'ok',
  finding,
  remedy: null,
});

export const bad = (check: string, verdict: 'warn' | 'fail', finding: string, remedy: string): Finding => ({
  check,
  verdict,
  finding,
  remedy,
});

/** A finding that does not stop a server from starting, so at worst a warning. `remedy` is `null` if nothing is wrong. */
export const warnOf = ({ check, finding, remedy }: Omit<Finding, 'verdict'>): Finding =>
  remedy === null ? ok(check, finding) : bad(check, 'warn', finding, remedy);

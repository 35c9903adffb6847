/** `warn`: it works, and something should be done about it; `fail`: something does not work, or will not after a restart. */
export const VERDICTS = ['ok', 'warn', 'fail'] as const;
export type Verdict = (typeof VERDICTS)[number];

/** What one check of a deployment found. */
export type Finding = {
  readonly check: string;
  readonly verdict: Verdict;
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

/** A finding that does not stop a server from starting. */
export const warn = (check: string, finding: string, remedy: string): Finding =>
  bad(check, 'warn', finding, remedy);

/** What a server finds of itself, and what only a command on the machine of the store can look at. */
export type ServerExamined = {
  readonly findings: readonly Finding[];
  readonly elsewhere: readonly { readonly check: string; readonly command: string }[];
};

/** `warn`: it works, and something should be done about it; `fail`: something does not work, or will not after a restart. */
export const VERDICTS = ['ok', 'warn', 'fail'] as const;
export type Verdict = (typeof VERDICTS)[number];

/** What is checked of a deployment. */
export const CHECKS = [
  'ready',
  'node',
  'log',
  'data',
  'rights',
  'store',
  'store mode',
  'durability',
  'transport',
  'distance',
  'disk space',
  'clock',
  'nodes',
  'keys',
  'key ring',
  'key ages',
  'key states',
  'client secrets',
  'scopes',
  'webhooks',
  'issuer',
  'guessing',
  'callers',
  'tls',
  'retention',
] as const;
export type Check = (typeof CHECKS)[number];

/** What only a command checks, because it reads a whole file. */
export const COMMAND_CHECKS = [
  'integrity of the file and number of grants',
  'clock against the newest grant',
  'chain of the audit log',
] as const;
export type CommandCheck = (typeof COMMAND_CHECKS)[number];

/** What one check of a deployment found. */
export type Finding = {
  readonly check: Check;
  readonly verdict: Verdict;
  readonly finding: string;
  readonly remedy: string | null;
};

export const ok = (check: Check, finding: string): Finding => ({
  check,
  verdict: 'ok',
  finding,
  remedy: null,
});

export const bad = (check: Check, verdict: 'warn' | 'fail', finding: string, remedy: string): Finding => ({
  check,
  verdict,
  finding,
  remedy,
});

/** A finding that does not stop a server from starting. */
export const warn = (check: Check, finding: string, remedy: string): Finding =>
  bad(check, 'warn', finding, remedy);

/** What a server finds of itself, and what only a command on the machine of the store can look at. */
export type ServerExamined = {
  readonly findings: readonly Finding[];
  readonly elsewhere: readonly { readonly check: CommandCheck; readonly command: string }[];
};

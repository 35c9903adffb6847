import type { OperatorError } from '../../errors.ts';
import type { Language, Sentence } from '../../language.ts';

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

/** What only a command checks, because it reads everything. */
export const COMMAND_CHECKS = [
  'secrets and scopes of all clients',
  'integrity of the file and number of grants',
  'clock against the newest grant',
  'chain of the audit log',
] as const;
export type CommandCheck = (typeof COMMAND_CHECKS)[number];

/** What one check of a deployment found. */
export type Finding = {
  readonly check: Check;
  readonly verdict: Verdict;
  readonly finding: Sentence;
  readonly remedy: Sentence | null;
};

/** A finding in one language. */
export type WrittenFinding = Pick<Finding, 'check' | 'verdict'> & {
  readonly finding: string;
  readonly remedy: string | null;
};

export const writeFinding = (
  { check, verdict, finding, remedy }: Finding,
  language: Language,
): WrittenFinding => ({
  check,
  verdict,
  finding: finding[language],
  remedy: remedy === null ? null : remedy[language],
});

export const ok = (check: Check, finding: Sentence): Finding => ({
  check,
  verdict: 'ok',
  finding,
  remedy: null,
});

export const bad = (
  check: Check,
  verdict: 'warn' | 'fail',
  finding: Sentence,
  remedy: Sentence,
): Finding => ({
  check,
  verdict,
  finding,
  remedy,
});

/** A finding that does not stop a server from starting. */
export const warn = (check: Check, finding: Sentence, remedy: Sentence): Finding =>
  bad(check, 'warn', finding, remedy);

/** What does not open. */
export const unusable = (check: Check, { said }: OperatorError): Finding =>
  bad(check, 'fail', { en: said.message.en, ko: `열지 못했습니다: ${said.message.ko}` }, said.remedy);

/** What a server finds of itself, and what only a command on the machine of the store can look at. */
export type ServerExamined = {
  readonly findings: readonly Finding[];
  readonly elsewhere: readonly { readonly check: CommandCheck; readonly command: string }[];
};

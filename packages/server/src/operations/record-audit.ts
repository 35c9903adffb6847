import { StoreError } from '../errors.ts';
import type { AuditEntry, AuditOutcome } from '../operators/audit-entry.ts';
import type { AuditStore } from '../operators/audit-store.ts';
import type { Operator } from '../operators/operator.ts';
import { hideSecrets } from './hide-secrets.ts';
import type { OperationContext } from './context.ts';

/** What an operator does or looks at, as the audit log gets it. */
export type Audited = {
  readonly operator: Operator;
  /** As in `grant.revoke`. */
  readonly action: string;
  /** As in `grant:5f0c6a9de01b42ff`; empty for none. */
  readonly target: string;
  /** Why, in the operator's words. */
  readonly reason: string;
  /** Empty for a command. */
  readonly requestId: string;
  /** What was changed. No secret, no owner's name. */
  readonly details?: Readonly<Record<string, unknown>>;
};

type AuditContext = Pick<OperationContext, 'clock'> & { readonly store: Pick<AuditStore, 'appendAudit'> };

/** The longest reason; what is longer is cut. */
export const REASON_MAX_CHARACTERS = 500;
const DETAILS_MAX_CHARACTERS = 8000;

/**
 * Text in one line, without control characters, of at most so many characters. Half of a character, as a cut leaves one, is
 * replaced: a store would do that too, and then the entry would not have its hash.
 */
const lineOf = (text: string, most: number): string =>
  text
    .replaceAll(/\p{Cc}+/gu, ' ')
    .trim()
    .slice(0, most)
    .toWellFormed();

const textOf = (details: Readonly<Record<string, unknown>>): string =>
  hideSecrets(
    JSON.stringify(details, (_name, value: unknown) =>
      typeof value === 'string' ? value.replaceAll('\0', '') : value,
    ),
  );

/** Whether details are stored in full. */
export const fitsAudit = (details: Readonly<Record<string, unknown>>): boolean =>
  textOf(details).length <= DETAILS_MAX_CHARACTERS;

const writeDetails = (details: Readonly<Record<string, unknown>>): string =>
  fitsAudit(details) ? textOf(details) : '{"cut":true}';

/** Appends an entry to the audit log. Throws `StoreError`: then what it is about must not happen. */
export const recordAudit = (
  { store, clock }: AuditContext,
  { operator, action, target, reason, requestId, details = {} }: Audited,
  outcome: AuditOutcome,
): Promise<AuditEntry> =>
  store.appendAudit({
    atMs: clock(),
    operator: {
      kind: operator.kind,
      id: lineOf(operator.id, 255),
      name: lineOf(operator.name, 255),
      role: operator.role,
    },
    action,
    target: lineOf(hideSecrets(target), 300),
    reason: lineOf(hideSecrets(reason), REASON_MAX_CHARACTERS),
    requestId,
    outcome,
    details: writeDetails(details),
  });

/**
 * Does a write that the audit log has an entry of before it begins, so that none can be missing. A second entry, `not_done`,
 * follows where the write did not take place, as `faultOf` or an error says. Where the answer to a commit was lost, the first
 * entry stands. Throws `StoreError`, and what `work` throws.
 */
export const auditWrite = async <Result>(
  context: AuditContext,
  audited: Audited,
  work: () => Promise<Result>,
  /** Why the result means that nothing was done; `undefined` where it was done. */
  faultOf: (result: Result) => string | undefined,
): Promise<Result> => {
  await recordAudit(context, audited, 'asked');
  let result: Result;
  try {
    result = await work();
  } catch (error) {
    if (!(error instanceof StoreError && error.kind === 'outcome_unknown'))
      await noteNotDone(context, audited, error instanceof Error ? error.name : 'Error');
    throw error;
  }
  const fault = faultOf(result);
  if (fault !== undefined) await noteNotDone(context, audited, fault);
  return result;
};

/** The write is over either way: that the note cannot be stored changes nothing about it. */
const noteNotDone = async (context: AuditContext, audited: Audited, because: string): Promise<void> => {
  await recordAudit(context, { ...audited, details: { because } }, 'not_done').catch((error: unknown) => {
    if (!(error instanceof StoreError)) throw error;
  });
};

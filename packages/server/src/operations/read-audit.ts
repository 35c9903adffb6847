import { faultOfEntry, NO_ENTRY } from '../operators/audit-entry.ts';
import type { AuditEntry, AuditHead } from '../operators/audit-entry.ts';
import type { Sentence } from '../language.ts';
import type { OperationContext } from './context.ts';

const PAGE_ENTRIES = 500;

/**
 * Passes every entry of the audit log after a sequence number to `take`, in pages, oldest first, until `signal` is aborted. Throws
 * `StoreError`.
 */
export const readAudit = async (
  { store }: Pick<OperationContext, 'store'>,
  from: number,
  take: (page: readonly AuditEntry[]) => void | Promise<void>,
  signal?: AbortSignal,
): Promise<void> => {
  let after = from;
  for (;;) {
    const page = await store.listAudit({ after, limit: PAGE_ENTRIES });
    if (page.length > 0) await take(page);
    after = page.at(-1)?.sequence ?? after;
    if (page.length < PAGE_ENTRIES || signal?.aborted === true) return;
  }
};

/** Whether the audit log is whole. */
export type AuditVerified = {
  readonly entries: number;
  /** The newest entry that was checked: noted elsewhere, it proves later that nothing before it was changed. */
  readonly head: AuditHead;
  /** What is wrong first; `undefined` for nothing. */
  readonly fault: Sentence | undefined;
};

/**
 * Checks the hash of every entry, that none is missing between two, and that the log ends where it must. `known` is a head
 * that was noted before: the log must still have it. Throws `StoreError`.
 */
export const verifyAudit = async (
  context: Pick<OperationContext, 'store'>,
  known?: AuditHead,
): Promise<AuditVerified> => {
  // Read first: entries that are appended meanwhile come after it.
  const end = await context.store.readAuditHead();
  let head = NO_ENTRY;
  let fault: Sentence | undefined;
  await readAudit(context, 0, (page) => {
    for (const entry of page) {
      fault ??= faultOfEntry(head, entry);
      if (fault !== undefined) return;
      head = { sequence: entry.sequence, hash: entry.hash };
      for (const must of [end, ...(known === undefined ? [] : [known])])
        if (must.sequence === entry.sequence && must.hash !== entry.hash)
          fault ??= {
            en: `entry ${entry.sequence} is not the one that was noted`,
            ko: `${entry.sequence}번 항목이 전에 기록한 것과 다릅니다.`,
          };
    }
  });
  const least = Math.max(end.sequence, known?.sequence ?? 0);
  if (head.sequence < least)
    fault ??= {
      en: `the log ends with entry ${head.sequence}, and must go on to entry ${least}`,
      ko: `로그가 ${head.sequence}번 항목에서 끝나지만 ${least}번 항목까지 있어야 합니다.`,
    };
  return { entries: head.sequence, head, fault };
};

import type { AuditEntry, AuditHead, NewAuditEntry } from './audit-entry.ts';

/** A page of the audit log: what follows `after`, oldest first, or what is before `before`, newest first. */
export type AuditPage = {
  readonly limit: number;
  readonly target?: string | undefined;
  /** The id of who did or saw it. */
  readonly operatorId?: string | undefined;
} & (
  | { readonly after: number; readonly before?: undefined }
  | { readonly before: number; readonly after?: undefined }
);

/** The audit log in a store. No verb changes or removes an entry. */
export type AuditStore = {
  /** Appends an entry to the chain. Nodes and commands that append at the same moment do so one after the other. */
  appendAudit(entry: NewAuditEntry): Promise<AuditEntry>;
  listAudit(page: AuditPage): Promise<readonly AuditEntry[]>;
  /** What the newest entry must be; kept beside the log, so that a missing end is noticed. */
  readAuditHead(): Promise<AuditHead>;
};

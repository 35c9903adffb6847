/** `@keyfob/server/stores`: the store as an interface, the embedded store, its backups, and copies of stores. */
export type { Store } from '../grants/store.ts';
export type {
  AuditContext,
  GrantFilter,
  GrantStore,
  RefreshResult,
  RefreshUse,
} from '../grants/grant-store.ts';
export type { GrantEventFilter, GrantEventPage } from '../outbox/grant-event-store.ts';
export type { CodeResult, CodeStore, CodeUse } from '../grants/code-store.ts';
export type { DeviceStore } from '../grants/device-store.ts';
export type { ConsentStore, Withdrawn } from '../grants/consent-store.ts';
export type { AuditPage, AuditStore } from '../operators/audit-store.ts';
export { OPERATOR_KEYS_MAX, OPERATOR_ROWS_KEPT_SECONDS } from '../operators/operator-store.ts';
export type { OperatorSession, OperatorStore } from '../operators/operator-store.ts';
export { NODE_KEPT_MS, NODES_MAX } from '../operators/running-node.ts';
export type { NodeStore, RunningNode } from '../operators/running-node.ts';
export { groupParts, keptOf } from '../operators/trouble.ts';
export type {
  KeptTrouble,
  TroubleCount,
  TroubleGroup,
  TroubleSpan,
  TroubleStore,
} from '../operators/trouble.ts';
export type { SessionStore } from '../grants/session-store.ts';
export type { OnceStore } from '../clients/once-store.ts';
export { openSqliteStore } from '../stores/sqlite/store.ts';
export { openMemoryStore } from '../stores/sqlite/memory-store.ts';
export type { MemoryStore } from '../stores/sqlite/memory-store.ts';
export { backupSqliteStore } from '../stores/sqlite/backup.ts';
export { placeSqliteStore, restoreSqliteStore } from '../stores/sqlite/restore.ts';
export { toFileError } from '../stores/file-errors.ts';
export { keyFileSource } from '../deployment/key-file.ts';
export { keyCommandSource } from '../deployment/key-command.ts';
export { keyTextSource } from '../deployment/named-key-source.ts';
export type { KeySource } from '../deployment/key-source.ts';
export { copyStore, resumeSource } from '../stores/copy/copy.ts';
export type { Copied, CopyPhase, CopyProgress } from '../stores/copy/copy.ts';
export type { CopyEndpoint } from '../stores/copy/endpoint.ts';
export { historyValues } from '../stores/copy/row-form.ts';
export { openSqliteEndpoint } from '../stores/sqlite/copy-endpoint.ts';

// Below the embedded store, for tests of its schema.
export { openDatabase } from '../stores/sqlite/database.ts';
export { readMigrations } from '../stores/sqlite/migrations.ts';

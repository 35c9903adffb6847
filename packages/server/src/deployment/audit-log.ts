import { join } from 'node:path';
import type { AuditStore } from '../operators/audit-store.ts';
import { inspectSqliteStore } from '../stores/sqlite/inspect.ts';
import { readMigrations } from '../stores/sqlite/migrations.ts';
import { openSqliteStore } from '../stores/sqlite/store.ts';
import type { StoreAddress } from './copy.ts';
import { STORE_FILE } from './names.ts';

/** The audit log of a store by itself: what works on a store as a whole opens nothing else of it. */
export type AuditLog = AuditStore & { close(): Promise<void> };

/**
 * Opens the audit log of a store; `undefined` where there is no store, or one that a start would have to migrate first. Throws
 * `OperatorError` and `StoreError`.
 */
export const openAuditLog = async (address: StoreAddress): Promise<AuditLog | undefined> => {
  if (address.kind === 'postgres')
    return (await import('../stores/postgres/store.ts')).openPostgresStore(address.url);
  const path = join(address.directory, STORE_FILE);
  return inspectSqliteStore(path)?.schema === readMigrations().length ? openSqliteStore(path) : undefined;
};

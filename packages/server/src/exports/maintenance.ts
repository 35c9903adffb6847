/** `@keyfob/server/maintenance`: backups, migrations and checks of a deployment, copies to another store, and imports of grants. */
export {
  backupDeployment,
  inspectSharedStore,
  inspectStore,
  migrateDeployment,
  restoreDeployment,
} from '../deployment/maintenance.ts';
export { examineDeployment } from '../deployment/doctor/examine-deployment.ts';
export { writeFinding } from '../operations/doctor/finding.ts';
export type { Finding, WrittenFinding } from '../operations/doctor/finding.ts';
export type { Restored } from '../stores/sqlite/restore-content.ts';
export { openAuditLog } from '../deployment/audit-log.ts';
export type { AuditLog } from '../deployment/audit-log.ts';
export { copyDeployment, parseStoreAddress, resumeDeployment } from '../deployment/copy.ts';
export type { Copied, CopyPhase, DeploymentCopied, StoreAddress } from '../deployment/copy.ts';
export { describeFault } from '../imports/fault.ts';
export type { ImportFault } from '../imports/fault.ts';
export { HeaderError } from '../imports/records.ts';
export { runImport } from '../imports/run.ts';
export type { ImportTotals, ImportWork, RefusedRow } from '../imports/run.ts';
export { openImportSource } from '../imports/source.ts';
export type { ImportSource } from '../imports/source.ts';
export { toPrintable, toPrintableJson, toPrintableLines } from '../printable.ts';
export { toShellWord } from '../shell-word.ts';

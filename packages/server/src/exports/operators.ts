/** `@keyfob/server/operators`: who works on a server, what each role may do, and the audit log. */
export { describeAdminApi } from '../admin/api/describe.ts';
export { CONSOLE_ADDRESSES } from '../console/console-routes.ts';
export {
  AUDIT_OUTCOMES,
  chainEntry,
  entryToJson,
  faultOfEntry,
  hashEntry,
  NO_ENTRY,
  targetsOf,
} from '../operators/audit-entry.ts';
export type { AuditEntry, AuditHead, AuditOutcome, NewAuditEntry } from '../operators/audit-entry.ts';
export type { Operator, OperatorKind } from '../operators/operator.ts';
export { createOperatorKeyText, digestOperatorSecret } from '../operators/operator-key.ts';
export type { OperatorKey } from '../operators/operator-key.ts';
export { isAllowed, isRole, PERMISSIONS, ROLES } from '../operators/role.ts';
export type { Permission, Role } from '../operators/role.ts';

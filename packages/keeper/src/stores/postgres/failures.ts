import { DatabaseError } from 'pg';
import { KeeperError, StoreError } from '../../errors.ts';

/** What PostgreSQL's codes mean, and what helps, by the longest known prefix. https://www.postgresql.org/docs/current/errcodes-appendix.html */
const FAILURES: Readonly<Record<string, readonly [what: string, code: string, remedy: string]>> = {
  '25006': ['the database is read-only', 'store_read_only', 'Name the primary, and not a standby.'],
  '55000': ['the database is a standby', 'store_read_only', 'Name the primary, and not a standby.'],
  '28': [
    'the database refuses this user or its password',
    'store_login_refused',
    'Correct user and password in the address, and allow the user in pg_hba.conf.',
  ],
  '3D000': ['the database does not exist', 'store_database_missing', 'Create it with "createdb".'],
  '3F000': [
    'there is no schema to create tables in',
    'store_rights_missing',
    'Give the user a schema: CREATE SCHEMA AUTHORIZATION ...',
  ],
  '40': ['other transactions kept changing the same rows', 'store_busy', 'Try again.'],
  '42501': [
    'the database user lacks a right',
    'store_rights_missing',
    'Start once as a user who may create tables, and grant SELECT, INSERT, UPDATE and DELETE on the tables keeper_*.',
  ],
  '42P01': ['a table of the keeper is missing', 'store_damaged', 'Restore the newest backup.'],
  '42P07': [
    'the database has tables with the names of the keeper that are not its own',
    'store_foreign',
    'Name an empty database. Nothing was changed.',
  ],
  '53100': ['the disk of the database is full', 'store_disk_full', 'Free some space; nothing was changed.'],
  '53300': [
    'the database has no connection left',
    'store_connections_used_up',
    'Raise max_connections, or put a pooler in front of the database.',
  ],
  '53': ['the database is out of a resource', 'store_out_of_resources', 'Look into the log of the database.'],
  '57014': ['the database took too long', 'store_slow', 'Look for long transactions in pg_stat_activity.'],
  '57P': ['the database is shutting down or starting up', 'store_unreachable', 'Try again in a moment.'],
  '58': ['the machine of the database failed', 'store_failed', 'Look into the log of the database.'],
};
const UNREACHABLE = [
  'store_unreachable',
  'Check that the database runs, and can be reached from here.',
] as const;

/** What only a mistake of ours leads to: it is no outage, and trying again does not help. */
const MISTAKE = /^(?:22|23(?!505)|42(?!501|P01|P07))/;

/** The code (SQLSTATE) that the database answered; `undefined` where it answered none. */
export const sqlStateOf = (error: unknown): string | undefined =>
  error instanceof DatabaseError ? error.code : undefined;

/** Whether the database has answered that all is undone. Anything more severe than an error can interrupt a commit. */
export const isUndone = (error: unknown): boolean =>
  error instanceof DatabaseError && error.severity === 'ERROR' && error.code !== '40003';

/** Whether the connection is of no more use: it is lost, or leads to a database that takes no writes any more. */
export const isOfConnection = (error: unknown): boolean =>
  !isUndone(error) || ['25006', '55000'].includes(sqlStateOf(error) ?? '');

/** Whether other transactions were in the way. All was undone, and may be tried again. */
export const isConflict = (error: unknown): boolean =>
  isUndone(error) && /^(?:40|23505$|55P03$)/.test(sqlStateOf(error) ?? '');

/** Whether a connection of the pool was cut: another one may work. */
export const isCut = (error: unknown): boolean =>
  error instanceof Error && /terminat|ECONNRESET|EPIPE|not queryable/.test(error.message);

/** The driver throws what the database answered, or a plain `Error`, or several where a name has several addresses. */
const isOfDatabase = (error: unknown): boolean =>
  error instanceof DatabaseError ||
  error instanceof AggregateError ||
  (error instanceof Error && error.constructor === Error);

const failureOf = (error: unknown): (typeof FAILURES)[string] => {
  const state = sqlStateOf(error);
  if (state === undefined) {
    const first: unknown = error instanceof AggregateError ? error.errors[0] : error;
    return [
      `the connection to the database failed (${first instanceof Error ? first.message : ''})`,
      ...UNREACHABLE,
    ];
  }
  const prefix = [5, 3, 2].map((length) => state.slice(0, length)).find((one) => one in FAILURES);
  const [what, code, remedy] = FAILURES[prefix ?? ''] ?? ['the database failed', ...UNREACHABLE];
  return [`${what} (${state})`, code, remedy];
};

/** A failure of the database while serving. A bug of ours is returned as it is. */
export const toStoreError = (error: unknown, kind: StoreError['kind'] = 'unavailable'): Error => {
  if (error instanceof StoreError) return error;
  if (isOfDatabase(error) && !MISTAKE.test(sqlStateOf(error) ?? ''))
    return new StoreError(kind, failureOf(error)[0], { cause: error });
  return error instanceof Error ? error : new Error(String(error));
};

/** Why a database cannot be used, for the operator. `name` is its address without anything secret. */
export const toOpenError = (error: unknown, name: string): unknown => {
  if (error instanceof StoreError && error.cause !== undefined) return toOpenError(error.cause, name);
  if (!isOfDatabase(error) && !(error instanceof StoreError)) return error;
  const [what, code, remedy] =
    error instanceof StoreError ? ([error.message, ...UNREACHABLE] as const) : failureOf(error);
  return new KeeperError(code, `${name}: ${what}`, remedy, { cause: error });
};

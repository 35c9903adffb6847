import { DatabaseError } from 'pg';
import { OperatorError, StoreError } from '../../../errors.ts';
import { tlsFailureOf } from './tls-failures.ts';

/** What the codes of PostgreSQL mean, by the longest known prefix. https://www.postgresql.org/docs/current/errcodes-appendix.html */
const MEANINGS: Readonly<Record<string, string>> = {
  '08': 'the connection to the database failed',
  '22': 'the database does not accept a value',
  '25006': 'the database is read-only: it is a standby, or is configured so',
  '25P03': 'the database ended a transaction that took too long',
  '25P04': 'the database ended a transaction that took too long',
  '28': 'the database refuses this user',
  '28P01': 'the database refuses this user or its password',
  '3D000': 'the database does not exist',
  '3F000': 'there is no schema to create tables in',
  '40': 'other transactions kept changing the same rows',
  '42501': 'the database user lacks a right',
  '42P01': 'a table is missing; the store may have moved: run "keyfob doctor"',
  '53100': 'the disk of the database is full',
  '53200': 'the database is out of memory',
  '53300': 'the database has no connection left',
  '53': 'the database is out of a resource',
  '57014': 'the database took too long',
  '57P': 'the database is shutting down or starting up',
  '58': 'the machine of the database failed',
};

const PREFIX_LENGTHS = [5, 3, 2];

/** The code (SQLSTATE) of a failure that the database reported; `undefined` for a failure of the connection. */
export const sqlStateOf = (error: unknown): string | undefined =>
  error instanceof DatabaseError ? error.code : undefined;

const describeFailure = (error: unknown): string => {
  const ofTls = tlsFailureOf(error);
  if (ofTls !== undefined) return ofTls.what;
  const state = sqlStateOf(error);
  if (state === undefined) {
    const [first = error] = error instanceof AggregateError ? (error.errors as unknown[]) : [];
    return `the connection to the database failed (${first instanceof Error ? first.message : ''})`;
  }
  const prefix = PREFIX_LENGTHS.map((length) => state.slice(0, length)).find((one) => one in MEANINGS);
  return `${(prefix === undefined ? undefined : MEANINGS[prefix]) ?? 'the database failed'} (${state})`;
};

/**
 * Whether the database has answered that a statement is undone. An `ERROR` ends the statement and leaves the connection as
 * it was. Anything more severe (`FATAL` or `PANIC`, in any language) can interrupt a commit. A distributed database reports
 * with 40003 that it does not know itself.
 */
export const isUndone = (error: unknown): boolean =>
  error instanceof DatabaseError && error.severity === 'ERROR' && error.code !== '40003';

/**
 * Whether the connection failed and not the database: the statement got no answer. A pooler whose own connection to the
 * database was cut reports that itself ("server conn crashed?", class 08), and does not know the outcome either.
 */
export const isLost = (error: unknown): boolean => {
  if (error instanceof StoreError) return false;
  const state = sqlStateOf(error);
  return state === undefined || (state.startsWith('08') && !isUndone(error));
};

/** Whether a verb of the store failed because it could not reach the database. */
export const isOfConnection = (error: unknown): boolean =>
  error instanceof StoreError && error.cause !== undefined && isLost(error.cause);

/** Whether the driver stopped waiting for an answer. It has no code for that. */
export const isTimeout = (error: unknown): boolean =>
  error instanceof Error && error.message === 'Query read timeout';

/** Whether other transactions were in the way. All of this one was undone, so it may be tried again. */
export const isConflict = (error: unknown): boolean => {
  const state = sqlStateOf(error) ?? '';
  if (!isUndone(error)) return false;
  return state.startsWith('40') || state === '23505' || state === '55P03';
};

/** Whether the database takes no writes (any more), as after a failover behind a proxy. */
export const isOfStandby = (error: unknown): boolean => sqlStateOf(error) === '25006';

/** Whether the database does not accept a value of one row or parameter, so that other rows may succeed. */
export const isOfOneRow = (error: unknown): boolean =>
  isUndone(error) && /^2[123]/.test(sqlStateOf(error) ?? '');

/**
 * Whether the driver threw it: what the database answered, or an error of the connection, which is a plain `Error`, or
 * several where a name has several addresses. Anything else is a bug of ours.
 */
const isOfDatabase = (error: unknown): boolean =>
  error instanceof DatabaseError ||
  error instanceof AggregateError ||
  (error instanceof Error && error.constructor === Error);

const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)));

/** A failure of the database while serving. A bug of ours is returned as it is. */
export const toStoreError = (error: unknown, kind: StoreError['kind']): Error => {
  if (error instanceof StoreError) return error;
  if (error instanceof OperatorError) return new StoreError('unavailable', error.message, { cause: error });
  return isOfDatabase(error)
    ? new StoreError(kind, describeFailure(error), { cause: error })
    : asError(error);
};

const REMEDIES: Readonly<Record<string, { readonly code: string; readonly remedy: string }>> = {
  '28': {
    code: 'store_login_refused',
    remedy:
      'Correct user and password in KEYFOB_STORE (or PGPASSWORD), and allow the user in pg_hba.conf; if only TLS is allowed there, add sslmode=verify-full.',
  },
  '3D000': { code: 'store_database_missing', remedy: 'Create it with "createdb", or name another.' },
  '42501': {
    code: 'store_rights_missing',
    remedy:
      'Run "keyfob migrate" as a user who may create tables, and grant SELECT, INSERT, UPDATE and DELETE on them.',
  },
  '42P07': {
    code: 'store_foreign',
    remedy: 'The database has tables of another program: name an empty one. Nothing was changed.',
  },
  '25006': { code: 'store_read_only', remedy: 'Name the primary: only it decides whether a token is valid.' },
  '53300': {
    code: 'store_connections_used_up',
    remedy: 'Raise max_connections, put a pooler in front of the database, or lower the number of nodes.',
  },
  '53100': {
    code: 'store_disk_full',
    remedy: 'Free some space on the disk of the database; nothing was changed.',
  },
};

/** Why the store `name` (without its password) cannot be opened, for the operator. */
export const toOperatorError = (error: unknown, name: string): unknown => {
  if (error instanceof OperatorError) return error;
  if (error instanceof StoreError && error.cause !== undefined) return toOperatorError(error.cause, name);
  const state = sqlStateOf(error) ?? '';
  const known = PREFIX_LENGTHS.map((length) => REMEDIES[state.slice(0, length)]).find(
    (one) => one !== undefined,
  );
  const { code, remedy } = tlsFailureOf(error) ??
    known ?? {
      code: 'store_unreachable',
      remedy: 'Check that the database runs and can be reached from here, then try again.',
    };
  const what = error instanceof StoreError ? error.message : describeFailure(error);
  return new OperatorError(code, `${name}: ${what}`, remedy, { cause: error });
};

import type { Millis } from '../../../clock.ts';

/**
 * What PostgreSQL has beyond the SQL that databases with its protocol share: its locks, its catalogue, its settings, its
 * clock. For another engine, this file is the one to look at. Everything else is plain statements on plain tables, and
 * every transaction may fail with 40001 at any statement.
 */

/** Rows that another transaction has locked are left out, and nobody waits. */
export const SKIP_LOCKED = 'SKIP LOCKED';

/** A lock on a row that must not be removed meanwhile. It lets others change and lock it in the same way. */
export const LOCK_AGAINST_REMOVAL = 'FOR KEY SHARE';

/** A lock on a row against changes and removal. It lets others rely on its existence. */
export const LOCK_AGAINST_CHANGES = 'FOR NO KEY UPDATE';

/** A lock on whole tables against everything, until the end of the transaction. */
export const lockTables = (names: readonly string[]): string =>
  `LOCK TABLE ${names.join(', ')} IN ACCESS EXCLUSIVE MODE`;

/** A lock on a table against its removal, until the end of the transaction. */
export const keepTable = (name: string): string => `LOCK TABLE ${name} IN ACCESS SHARE MODE`;

/** Whether a table exists. */
export const tableExists = (name: string): string => `to_regclass('${name}') IS NOT NULL`;

/** Seconds by the clock of the database, which all nodes share: at the start of the statement, and at this moment. */
export const STATEMENT_SECONDS = 'extract(epoch FROM statement_timestamp())';
export const CLOCK_SECONDS = 'extract(epoch FROM clock_timestamp())';
export const STATEMENT_MS = `floor(${STATEMENT_SECONDS} * 1000)::bigint`;
export const CLOCK_MS = `floor(${CLOCK_SECONDS} * 1000)::bigint`;

/**
 * Begins a transaction. The settings last as long as it does. A node that stops in the middle of it must not lock its rows
 * forever, and a statement must not run on when the node no longer waits for it.
 */
export const beginFor = (timeoutMs: Millis): string =>
  `BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL statement_timeout = ${timeoutMs}; ` +
  `SET LOCAL idle_in_transaction_session_timeout = ${timeoutMs}`;

/** The process that answers. Behind a pooler it may not be the one that the connection was given at its start. */
export const SELECT_PID = 'SELECT pg_backend_pid() AS pid';

/**
 * A plan is kept as long as its connection, so a plan made for empty tables must also suit full ones: every one of
 * ours uses an index. None is worth compiling.
 */
export const SET_PLANS = 'SET enable_seqscan = off; SET jit = off';

/** Whether a commit that is answered can still be lost, and what texts can be stored. Databases that only speak the protocol answer null. */
export const SELECT_ABILITIES = `SELECT current_setting('transaction_read_only') AS read_only,
  current_setting('synchronous_commit', true) AS synchronous_commit, current_setting('fsync', true) AS fsync,
  current_setting('server_encoding', true) AS encoding`;

/** What an operator wants to know of a database. */
export const SELECT_FACTS = `SELECT current_setting('server_version') AS version,
  coalesce(current_setting('synchronous_commit', true), 'on') AS synchronous_commit,
  coalesce(current_setting('synchronous_standby_names', true), '') AS standbys,
  (SELECT reltuples::bigint FROM pg_class WHERE oid = to_regclass('grants')) AS grants`;

/** The tables among these on which the user lacks a right; a table that does not exist is skipped. */
export const SELECT_WITHOUT_RIGHTS = `SELECT name FROM unnest($1::text[]) AS t (name)
  WHERE NOT (has_table_privilege(to_regclass(name)::oid, 'SELECT') AND has_table_privilege(to_regclass(name)::oid, 'INSERT')
    AND has_table_privilege(to_regclass(name)::oid, 'UPDATE') AND has_table_privilege(to_regclass(name)::oid, 'DELETE'))`;

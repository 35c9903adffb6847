import { chmodSync, existsSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { openDatabase } from './database.ts';
import { toOperatorError } from './errors.ts';
import { openReadOnly, syncFile } from './backup-files.ts';

const LOCK_TIMEOUT_MS = 10_000;
/** SQLite's files of one database. */
const SUFFIXES = ['', '-wal', '-shm'];

/** The result of a restore. Grant ids in 16 hexadecimal digits. */
export type Restored = {
  readonly clients: number;
  readonly grants: number;
  /** How much was revoked, reinstated, disabled or removed since the backup, and stays so. */
  readonly revocationsKept: number;
  readonly reinstatementsKept: number;
  readonly clientsKeptDisabled: number;
  /** Grants of the replaced store that are newer than the backup: their owners have to consent again. */
  readonly grantsLost: readonly string[];
  /** Clients of the replaced store that are newer than the backup, by id. */
  readonly clientsLost: readonly string[];
};

/**
 * Replaces the content of a store with that of a backup, in one transaction, so that a running server changes from one to
 * the other between two requests. The replaced store is the newer one, so these stay as they are in it: revocations and
 * reinstatements, vehicles and consents, policies, disabled and removed clients, secrets. The backup decides which grants
 * there are, the generation of each, and the vehicles of the grants that the store no longer had. Throws `OperatorError`.
 */
export const restoreSqliteStore = (path: string, backupPath: string): Restored => {
  const copy = `${path}.restoring`;
  prepareCopy(backupPath, copy);
  const database = openDatabase(path, { lockTimeoutMs: LOCK_TIMEOUT_MS });
  try {
    database.prepare('ATTACH DATABASE ? AS backup').run(copy);
    database.exec('BEGIN IMMEDIATE');
    const restored = replaceContent(database);
    database.exec('COMMIT');
    database.exec('DETACH DATABASE backup');
    return restored;
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw toOperatorError(error, path);
  } finally {
    database.close();
    removeFiles(copy);
  }
};

/** Restores a backup where there is no store, or where it no longer opens; its files are then kept as `aside`. */
export const placeSqliteStore = (path: string, backupPath: string, aside: string): void => {
  const copy = `${path}.restoring`;
  prepareCopy(backupPath, copy);
  for (const suffix of SUFFIXES) {
    if (existsSync(`${path}${suffix}`)) renameSync(`${path}${suffix}`, `${aside}${suffix}`);
  }
  syncFile(copy);
  renameSync(copy, path);
  syncFile(dirname(path));
};

/** Copies the backup beside the store, and migrates the copy; the backup itself is never opened for writing. */
const prepareCopy = (backupPath: string, copy: string): void => {
  removeFiles(copy);
  const source = openReadOnly(backupPath);
  try {
    source.prepare('VACUUM INTO ?').run(copy);
    chmodSync(copy, 0o600);
  } catch (error) {
    removeFiles(copy);
    throw toOperatorError(error, backupPath);
  } finally {
    source.close();
  }
  try {
    openDatabase(copy, { lockTimeoutMs: LOCK_TIMEOUT_MS }).close();
  } catch (error) {
    removeFiles(copy);
    throw error;
  }
};

const removeFiles = (path: string): void => {
  for (const suffix of SUFFIXES) rmSync(`${path}${suffix}`, { force: true });
};

const replaceContent = (database: DatabaseSync): Restored => {
  const count = (sql: string): number => Number(Object.values(database.prepare(sql).get() ?? {})[0]);
  database.exec(SAVE_CURRENT_STATE);
  const lost = database.prepare(
    "SELECT printf('%016x', id) AS id FROM main.grants WHERE id NOT IN (SELECT id FROM backup.grants) ORDER BY created_at_ms, id",
  );
  const grantsLost = lost.all().map((row) => String(row['id']));
  const lostClients = database.prepare(
    'SELECT id FROM main.clients WHERE id NOT IN (SELECT id FROM backup.clients) ORDER BY number',
  );
  const clientsLost = lostClients.all().map((row) => String(row['id']));
  database.exec(REPLACE);
  const revocationsKept = Number(database.prepare(KEEP_REVOCATIONS).run().changes);
  const reinstatementsKept = Number(database.prepare(KEEP_REINSTATEMENTS).run().changes);
  const clientsKeptDisabled = count(COUNT_DISABLED);
  database.exec(KEEP_CLIENTS);
  return {
    clients: count('SELECT count(*) FROM main.clients'),
    grants: count('SELECT count(*) FROM main.grants'),
    revocationsKept,
    reinstatementsKept,
    clientsKeptDisabled,
    grantsLost,
    clientsLost,
  };
};

// What the replaced store knows of revocations, clients and vehicles is newer than the backup: a vehicle that was
// disconnected since must not come back.
const SAVE_CURRENT_STATE = `
  CREATE TEMP TABLE unknown_grants AS SELECT id FROM backup.grants WHERE id NOT IN (SELECT id FROM main.grants);
  CREATE TEMP TABLE known_vehicles AS SELECT * FROM main.vehicles;
  CREATE TEMP TABLE revoked_grants AS
    SELECT id, revoked_at_ms, revocation_cause FROM main.grants WHERE revoked_at_ms IS NOT NULL;
  CREATE TEMP TABLE reinstated_grants AS
    SELECT old.id FROM backup.grants AS old JOIN main.grants AS new USING (id)
    WHERE old.revoked_at_ms IS NOT NULL AND new.revoked_at_ms IS NULL;
  CREATE TEMP TABLE known_clients AS
    SELECT id, name, redirect_uris, consent_redirect_uri, policy, disabled_at_ms, revision FROM main.clients;
  CREATE TEMP TABLE known_secrets AS
    SELECT secret.id, client.id AS client_id, secret.name, secret.digest, secret.created_at_ms,
      secret.expires_at_ms, secret.last_used_at_ms
    FROM main.client_secrets AS secret JOIN main.clients AS client ON client.number = secret.client_number;`;

// Revisions only grow, so that every running server reads every client again. The keys of both stay registered, and
// callers and scopes keep the numbers by which running servers know them. Codes, grant events, webhooks and deliveries
// stay: what happened has happened, and its receivers still learn of it.
const REPLACE = `
  CREATE TEMP TABLE known_replays AS SELECT * FROM main.replays;
  DELETE FROM main.replays;
  DELETE FROM main.grants;
  DELETE FROM main.client_secrets;
  DELETE FROM main.clients;
  INSERT INTO main.clients SELECT * FROM backup.clients;
  INSERT INTO main.grants SELECT * FROM backup.grants;
  INSERT INTO main.vehicles SELECT * FROM known_vehicles WHERE grant_id IN (SELECT id FROM main.grants);
  INSERT INTO main.vehicles SELECT * FROM backup.vehicles WHERE grant_id IN (SELECT id FROM unknown_grants);
  INSERT INTO main.imported_tokens SELECT * FROM backup.imported_tokens;
  DELETE FROM main.consents WHERE grant_id NOT IN (SELECT id FROM main.grants);
  INSERT OR IGNORE INTO main.consents SELECT * FROM backup.consents WHERE grant_id IN (SELECT id FROM unknown_grants);
  INSERT OR IGNORE INTO main.scopes (scope) SELECT scope FROM backup.scopes;
  CREATE TEMP TABLE renamed_scopes AS
    SELECT old.number AS old, new.number AS new FROM backup.scopes AS old
    JOIN main.scopes AS new USING (scope) WHERE old.number <> new.number;
  UPDATE main.grants SET scope_number = (SELECT new FROM renamed_scopes WHERE old = scope_number)
    WHERE scope_number IN (SELECT old FROM renamed_scopes);
  INSERT INTO main.replays SELECT * FROM backup.replays WHERE grant_id NOT IN (SELECT grant_id FROM known_replays);
  INSERT OR IGNORE INTO main.callers (address, user_agent) SELECT address, user_agent FROM backup.callers;
  CREATE TEMP TABLE renamed_callers AS
    SELECT old.number AS old, new.number AS new FROM backup.callers AS old
    JOIN main.callers AS new USING (address, user_agent) WHERE old.number <> new.number;
  UPDATE main.grants SET rotated_by = (SELECT new FROM renamed_callers WHERE old = rotated_by)
    WHERE rotated_by IN (SELECT old FROM renamed_callers);
  UPDATE main.replays SET caller = (SELECT new FROM renamed_callers WHERE old = caller)
    WHERE caller IN (SELECT old FROM renamed_callers);
  UPDATE main.replays SET rotated_by = (SELECT new FROM renamed_callers WHERE old = rotated_by)
    WHERE rotated_by IN (SELECT old FROM renamed_callers);
  INSERT INTO main.replays SELECT * FROM known_replays WHERE grant_id IN (SELECT id FROM main.grants);
  INSERT OR IGNORE INTO main.keys SELECT * FROM backup.keys;
  INSERT INTO main.client_secrets
    SELECT known.id, client.number, known.name, known.digest, known.created_at_ms, known.expires_at_ms,
      known.last_used_at_ms
    FROM known_secrets AS known JOIN main.clients AS client ON client.id = known.client_id;
  INSERT OR IGNORE INTO main.client_secrets
    SELECT secret.* FROM backup.client_secrets AS secret JOIN main.clients AS client ON client.number = secret.client_number
    WHERE client.id NOT IN (SELECT id FROM known_clients);
  UPDATE main.clients SET revision = 1 + max(revision, coalesce((SELECT max(revision) FROM known_clients), 0));`;

const KEEP_REVOCATIONS = `UPDATE main.grants SET (revoked_at_ms, revocation_cause) =
    (SELECT revoked_at_ms, revocation_cause FROM revoked_grants WHERE revoked_grants.id = grants.id)
  WHERE id IN (SELECT id FROM revoked_grants) AND (revoked_at_ms, revocation_cause) IS NOT
    (SELECT revoked_at_ms, revocation_cause FROM revoked_grants WHERE revoked_grants.id = grants.id)`;

const KEEP_REINSTATEMENTS = `UPDATE main.grants SET revoked_at_ms = NULL, revocation_cause = NULL
  WHERE id IN (SELECT id FROM reinstated_grants)`;

const COUNT_DISABLED = `SELECT count(*) FROM main.clients WHERE disabled_at_ms IS NULL
  AND id NOT IN (SELECT id FROM known_clients WHERE disabled_at_ms IS NULL)`;

// A client that was removed since comes back disabled: somebody removed it on purpose, and one command enables it.
const KEEP_CLIENTS = `
  UPDATE main.clients SET disabled_at_ms = unixepoch() * 1000
    WHERE disabled_at_ms IS NULL AND id NOT IN (SELECT id FROM known_clients);
  UPDATE main.clients SET (name, redirect_uris, consent_redirect_uri, policy, disabled_at_ms) =
    (SELECT name, redirect_uris, consent_redirect_uri, policy, disabled_at_ms FROM known_clients WHERE known_clients.id = clients.id)
    WHERE id IN (SELECT id FROM known_clients);`;

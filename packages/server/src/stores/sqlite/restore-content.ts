import type { DatabaseSync } from 'node:sqlite';
import type { Millis } from '../../clock.ts';

/** The result of a restore. Grant ids in 16 hexadecimal digits. */
export type Restored = {
  readonly clients: number;
  readonly grants: number;
  /** Which of the two is the newer one: that with the later grant event. */
  readonly newer: 'store' | 'backup';
  /** Grants that keep a later generation of the replaced store, so that no used token works again. */
  readonly rotationsKept: number;
  /** How much was revoked, reinstated, disabled or removed since the backup, and stays so. */
  readonly revocationsKept: number;
  readonly reinstatementsKept: number;
  readonly clientsKeptDisabled: number;
  /** Grants of the replaced store that the backup does not have: their owners have to consent again. */
  readonly grantsLost: readonly string[];
  /** Clients of the replaced store that the backup does not have, by id. */
  readonly clientsLost: readonly string[];
  /** Grants that the replaced store did not have, although it is the newer one: it had pruned or removed them. */
  readonly grantsBroughtBack: readonly string[];
};

/**
 * Replaces the content of `main` with that of `backup`, inside the open transaction. The backup decides which grants and
 * clients there are. Nothing goes back that must not: each grant keeps the higher of both generations with its key and
 * history, and what is used, revoked, disconnected, disabled or removed in the newer of the two stays so. The newer one is
 * usually the replaced store. It is the backup where the store is new or was itself restored from an older copy; then
 * what is revoked or disabled in the store stays so too. `nowMs`: when a client counts as disabled that was removed since.
 */
export const mergeContent = (database: DatabaseSync, nowMs: Millis): Restored => {
  const count = (sql: string): number => Number(Object.values(database.prepare(sql).get() ?? {})[0]);
  const change = (sql: string): number => Number(database.prepare(sql).run().changes);
  const list = (sql: string): readonly string[] =>
    database
      .prepare(sql)
      .all()
      .map((row) => String(row['id']));
  const isBackupNewer = count(LAST_EVENT('backup')) > count(LAST_EVENT('main'));
  database.exec(SAVE_KNOWN);
  const grantsLost = list(GRANTS_ONLY_IN('main', 'backup'));
  const clientsLost = list(CLIENTS_LOST);
  const grantsBroughtBack = isBackupNewer ? [] : list(GRANTS_ONLY_IN('backup', 'main'));
  database.exec(REPLACE);
  const rotationsKept = change(KEEP_ROTATIONS);
  const revocationsKept = change(isBackupNewer ? KEEP_OTHER_REVOCATIONS : KEEP_REVOCATIONS);
  const reinstatementsKept = isBackupNewer ? 0 : change(KEEP_REINSTATEMENTS);
  const clientsKeptDisabled = count(isBackupNewer ? COUNT_ALSO_DISABLED : COUNT_DISABLED);
  if (!isBackupNewer) database.prepare(DISABLE_REMOVED).run(nowMs);
  database.exec(isBackupNewer ? TAKE_NEWER_BACKUP : KEEP_NEWER_STORE);
  database.exec(NEXT_REVISION);
  if (count(LAST_ENTRY('backup')) > count(LAST_ENTRY('main'))) database.exec(TAKE_LONGER_AUDIT);
  return {
    clients: count('SELECT count(*) FROM main.clients'),
    grants: count('SELECT count(*) FROM main.grants'),
    newer: isBackupNewer ? 'backup' : 'store',
    rotationsKept,
    revocationsKept,
    reinstatementsKept,
    clientsKeptDisabled,
    grantsLost,
    clientsLost,
    grantsBroughtBack,
  };
};

/** Sequences of grant events only grow, also where old grant events are deleted. */
const LAST_EVENT = (schema: string): string =>
  `SELECT coalesce(max(seq), 0) FROM ${schema}.sqlite_sequence WHERE name = 'grant_events'`;

const LAST_ENTRY = (schema: string): string => `SELECT coalesce(max(sequence), 0) FROM ${schema}.audit_head`;

// The longer of the two logs is kept whole, because entries of both would be no chain. Operator keys and sessions stay
// those of the store: one that was removed since the backup must not come back.
const TAKE_LONGER_AUDIT = `
  DELETE FROM main.audit;
  DELETE FROM main.audit_head;
  INSERT INTO main.audit SELECT * FROM backup.audit;
  INSERT INTO main.audit_head SELECT * FROM backup.audit_head;`;

const GRANTS_ONLY_IN = (one: string, other: string): string =>
  `SELECT printf('%016x', id) AS id FROM ${one}.grants WHERE id NOT IN (SELECT id FROM ${other}.grants) ORDER BY id`;

const CLIENTS_LOST =
  'SELECT id FROM main.clients WHERE id NOT IN (SELECT id FROM backup.clients) ORDER BY number';

// What the replaced store knows. Each table has the key by which it is looked up.
const SAVE_KNOWN = `
  CREATE TEMP TABLE known_grants
    (id INTEGER PRIMARY KEY, generation, key_number, rotations, rotated_by, use_digest, revoked_at_ms, revocation_cause,
      vehicle_data);
  INSERT INTO known_grants
    SELECT id, generation, key_number, rotations, rotated_by, use_digest, revoked_at_ms, revocation_cause, vehicle_data
    FROM main.grants;
  CREATE TEMP TABLE known_vehicles AS SELECT * FROM main.vehicles;
  CREATE TEMP TABLE known_replays AS SELECT * FROM main.replays;
  CREATE TEMP TABLE known_clients
    (id PRIMARY KEY, name, redirect_uris, consent_redirect_uri, profile, policy, client_keys, registration, waits_for_approval, disabled_at_ms, revision);
  INSERT INTO known_clients
    SELECT id, name, redirect_uris, consent_redirect_uri, profile, policy, client_keys, registration, waits_for_approval, disabled_at_ms, revision FROM main.clients;
  CREATE TEMP TABLE known_secrets AS
    SELECT secret.*, client.id AS client_id
    FROM main.client_secrets AS secret JOIN main.clients AS client ON client.number = secret.client_number;`;

// The keys of both stay registered, and withdrawn if they are in either; callers and scopes keep the numbers by which running servers know them.
const REPLACE = `
  DELETE FROM main.grants;
  DELETE FROM main.client_secrets;
  DELETE FROM main.clients;
  INSERT INTO main.clients SELECT * FROM backup.clients;
  INSERT INTO main.grants SELECT * FROM backup.grants;
  INSERT INTO main.imported_tokens SELECT * FROM backup.imported_tokens;
  INSERT OR IGNORE INTO main.keys SELECT * FROM backup.keys;
  UPDATE main.keys AS known
    SET (withdrawn_as, withdrawn_at_ms, opens_until_ms) = (old.withdrawn_as, old.withdrawn_at_ms, old.opens_until_ms)
    FROM backup.keys AS old WHERE old.number = known.number AND (old.withdrawn_as = 'retired'
      OR (old.withdrawn_as = 'compromised' AND (known.withdrawn_as IS NULL
        OR (known.withdrawn_as = 'compromised' AND known.withdrawn_at_ms < old.withdrawn_at_ms))));
  INSERT OR IGNORE INTO main.scopes (scope) SELECT scope FROM backup.scopes;
  CREATE TEMP TABLE renamed_scopes AS
    SELECT old.number AS old, new.number AS new FROM backup.scopes AS old
    JOIN main.scopes AS new USING (scope) WHERE old.number <> new.number;
  UPDATE main.grants SET scope_number = (SELECT new FROM renamed_scopes WHERE old = scope_number)
    WHERE scope_number IN (SELECT old FROM renamed_scopes);
  INSERT INTO main.replays SELECT * FROM backup.replays;
  INSERT OR IGNORE INTO main.callers (address, user_agent) SELECT address, user_agent FROM backup.callers;
  CREATE TEMP TABLE renamed_callers AS
    SELECT old.number AS old, new.number AS new FROM backup.callers AS old
    JOIN main.callers AS new USING (address, user_agent) WHERE old.number <> new.number;
  UPDATE main.grants SET rotated_by = (SELECT new FROM renamed_callers WHERE old = rotated_by)
    WHERE rotated_by IN (SELECT old FROM renamed_callers);
  UPDATE main.replays SET caller = (SELECT new FROM renamed_callers WHERE old = caller)
    WHERE caller IN (SELECT old FROM renamed_callers);
  UPDATE main.replays SET rotated_by = (SELECT new FROM renamed_callers WHERE old = rotated_by)
    WHERE rotated_by IN (SELECT old FROM renamed_callers);`;

const KEEP_ROTATIONS = `UPDATE main.grants AS restored
  SET (generation, key_number, rotations, rotated_by, use_digest) =
    (known.generation, known.key_number, known.rotations, known.rotated_by, known.use_digest)
  FROM known_grants AS known WHERE known.id = restored.id AND known.generation > restored.generation`;

const SET_REVOCATION = `UPDATE main.grants AS restored
  SET (revoked_at_ms, revocation_cause) = (known.revoked_at_ms, known.revocation_cause)
  FROM known_grants AS known WHERE known.id = restored.id`;

const KEEP_REVOCATIONS = `${SET_REVOCATION} AND known.revoked_at_ms IS NOT NULL
  AND (restored.revoked_at_ms, restored.revocation_cause) IS NOT (known.revoked_at_ms, known.revocation_cause)`;

const KEEP_OTHER_REVOCATIONS = `${SET_REVOCATION} AND known.revoked_at_ms IS NOT NULL AND restored.revoked_at_ms IS NULL`;

const KEEP_REINSTATEMENTS = `${SET_REVOCATION} AND known.revoked_at_ms IS NULL AND restored.revoked_at_ms IS NOT NULL`;

const COUNT_DISABLED = `SELECT count(*) FROM main.clients WHERE disabled_at_ms IS NULL
  AND id NOT IN (SELECT id FROM known_clients WHERE disabled_at_ms IS NULL)`;

const COUNT_ALSO_DISABLED = `SELECT count(*) FROM main.clients WHERE disabled_at_ms IS NULL
  AND id IN (SELECT id FROM known_clients WHERE disabled_at_ms IS NOT NULL)`;

// A client that was removed since comes back disabled: somebody removed it on purpose, and one command enables it. It was
// removed no earlier than a server noted the time.
const DISABLE_REMOVED = `
  UPDATE main.clients SET disabled_at_ms = max(?, coalesce((SELECT seen_at_ms FROM main.clock), 0))
    WHERE disabled_at_ms IS NULL AND id NOT IN (SELECT id FROM known_clients)`;

// Codes, grant events, webhooks and deliveries stay: what happened has happened, and its receivers still learn of it.
const KEEP_NEWER_STORE = `
  UPDATE main.clients AS restored
    SET (name, redirect_uris, consent_redirect_uri, profile, policy, client_keys, registration, waits_for_approval, disabled_at_ms) =
      (known.name, known.redirect_uris, known.consent_redirect_uri, known.profile, known.policy, known.client_keys, known.registration, known.waits_for_approval, known.disabled_at_ms)
    FROM known_clients AS known WHERE known.id = restored.id;
  INSERT INTO main.client_secrets
    SELECT secret.id, client.number, secret.name, secret.digest, secret.created_at_ms, secret.expires_at_ms, secret.last_used_at_ms
    FROM known_secrets AS secret JOIN main.clients AS client ON client.id = secret.client_id;
  INSERT OR IGNORE INTO main.client_secrets
    SELECT secret.* FROM backup.client_secrets AS secret JOIN main.clients AS client ON client.number = secret.client_number
    WHERE client.id NOT IN (SELECT id FROM known_clients);
  UPDATE main.grants AS restored SET vehicle_data = known.vehicle_data
    FROM known_grants AS known WHERE known.id = restored.id AND known.vehicle_data IS NOT restored.vehicle_data;
  INSERT INTO main.vehicles SELECT * FROM known_vehicles WHERE grant_id IN (SELECT id FROM main.grants);
  INSERT INTO main.vehicles SELECT * FROM backup.vehicles WHERE grant_id NOT IN (SELECT id FROM known_grants);
  DELETE FROM main.consents WHERE grant_id NOT IN (SELECT id FROM main.grants);
  INSERT OR IGNORE INTO main.consents
    SELECT * FROM backup.consents WHERE grant_id NOT IN (SELECT id FROM known_grants);
  INSERT OR REPLACE INTO main.replays SELECT * FROM known_replays WHERE grant_id IN (SELECT id FROM main.grants);`;

// A code counts as used if either used it. Devices go on as the backup has them. Grant events that only the store has follow those of the backup.
const TAKE_NEWER_BACKUP = `
  UPDATE main.clients AS restored SET disabled_at_ms = known.disabled_at_ms
    FROM known_clients AS known WHERE known.id = restored.id AND restored.disabled_at_ms IS NULL;
  INSERT INTO main.client_secrets SELECT * FROM backup.client_secrets;
  INSERT INTO main.vehicles SELECT * FROM backup.vehicles;
  DELETE FROM main.consents;
  INSERT INTO main.consents SELECT * FROM backup.consents;
  INSERT OR IGNORE INTO main.replays SELECT * FROM known_replays WHERE grant_id IN (SELECT id FROM main.grants);
  INSERT OR REPLACE INTO main.codes SELECT * FROM backup.codes
    WHERE redeemed_at_ms IS NOT NULL OR grant_id NOT IN (SELECT grant_id FROM main.codes);
  INSERT OR REPLACE INTO main.device_requests SELECT * FROM backup.device_requests;
  CREATE TEMP TABLE known_events AS SELECT * FROM main.grant_events;
  DELETE FROM main.webhooks;
  DELETE FROM main.grant_events;
  INSERT INTO main.webhooks SELECT * FROM backup.webhooks;
  INSERT INTO main.grant_events SELECT * FROM backup.grant_events;
  INSERT INTO main.deliveries SELECT * FROM backup.deliveries;
  DELETE FROM main.sqlite_sequence WHERE name = 'grant_events';
  INSERT INTO main.sqlite_sequence (name, seq) VALUES ('grant_events', (${LAST_EVENT('backup')}));
  INSERT INTO main.grant_events (id, at_ms, kind, grant_id, client_id, subject, request_id, cause, vins)
    SELECT id, at_ms, kind, grant_id, client_id, subject, request_id, cause, vins FROM known_events
    WHERE id NOT IN (SELECT id FROM main.grant_events) ORDER BY sequence;`;

// Revisions only grow, so that every running server reads every client again.
const NEXT_REVISION =
  'UPDATE main.clients SET revision = 1 + max(revision, coalesce((SELECT max(revision) FROM known_clients), 0))';

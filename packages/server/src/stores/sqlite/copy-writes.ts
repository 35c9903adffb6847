import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import { randomInt } from 'node:crypto';
import { bytesOf, historyOf, readSecrets, vehiclesOf } from '../copy/row-form.ts';
import { CLIENT_SECRETS_AT } from './copy-reads.ts';
import type { CopyRow, CopySlice, CopyValue, ListedTable, PageChange } from '../copy/endpoint.ts';
import { ENTRY_COLUMNS } from '../../operators/audit-entry.ts';
import { KEY_COLUMNS } from '../key-rows.ts';
import { createCallerNames } from './callers.ts';
import { packRotations } from './packed-rotations.ts';
import { createScopeNames } from './scopes.ts';

const REVISION_MAX = 2 ** 40;

const GRANT = `INSERT INTO grants (id, client_number, subject, scope_number, brand, created_at_ms, revoked_at_ms, revocation_cause,
    generation, key_number, rotations, rotated_by, use_digest, vehicle_data)
  SELECT ?, number, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ? FROM clients WHERE id = ?
  ON CONFLICT (id) DO UPDATE SET client_number = excluded.client_number, subject = excluded.subject,
    scope_number = excluded.scope_number, brand = excluded.brand, created_at_ms = excluded.created_at_ms,
    revoked_at_ms = excluded.revoked_at_ms, revocation_cause = excluded.revocation_cause, generation = excluded.generation,
    key_number = excluded.key_number, rotations = excluded.rotations, rotated_by = excluded.rotated_by,
    use_digest = excluded.use_digest, vehicle_data = excluded.vehicle_data`;
const CLIENT = `INSERT INTO clients (id, dialect, type, name, redirect_uris, consent_redirect_uri, profile, policy, client_keys, registration,
    waits_for_approval, created_at_ms, disabled_at_ms, has_imported_tokens, revision)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (id) DO UPDATE SET dialect = excluded.dialect, type = excluded.type, name = excluded.name,
    redirect_uris = excluded.redirect_uris, consent_redirect_uri = excluded.consent_redirect_uri,
    profile = excluded.profile, policy = excluded.policy, client_keys = excluded.client_keys, registration = excluded.registration,
    waits_for_approval = excluded.waits_for_approval,
    created_at_ms = excluded.created_at_ms, disabled_at_ms = excluded.disabled_at_ms,
    has_imported_tokens = excluded.has_imported_tokens, revision = excluded.revision`;
const SECRET = `INSERT INTO client_secrets (id, client_number, name, digest, created_at_ms, expires_at_ms, last_used_at_ms)
  SELECT ?, number, ?, ?, ?, ?, ? FROM clients WHERE id = ?`;

/** For the tables whose rows are stored as they are copied. */
const PLAIN = {
  keys: `INSERT OR REPLACE INTO keys (${KEY_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)`,
  // Not without its grant, by which it would be found again.
  consents: `INSERT OR IGNORE INTO consents (grant_id, subject)
    SELECT ?1, ?2 WHERE EXISTS (SELECT 1 FROM grants WHERE id = ?1 AND subject = ?2)`,
  imported_tokens:
    'INSERT OR REPLACE INTO imported_tokens (grant_id, digest, expires_at_ms) VALUES (?, ?, ?)',
  deliveries: `INSERT OR REPLACE INTO deliveries
    (grant_event, attempts, next_at_ms, delivered_at_ms, last_status, last_error, webhook_id) VALUES (?, ?, ?, ?, ?, ?, ?)`,
  codes: `INSERT OR REPLACE INTO codes (grant_id, client_id, redirect_uri, code_challenge, key_thumbprint, issued_at_ms,
    subject, scope, brand, vehicles, vehicle_data, redeemed_at_ms, use_digest)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  grant_events: `INSERT OR REPLACE INTO grant_events (sequence, id, at_ms, kind, grant_id, client_id, subject, request_id, cause, vins)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  device_requests: `INSERT OR REPLACE INTO device_requests (grant_id, client_id, user_code, scope, code_challenge, issued_at_ms,
    interval_seconds, polled_at_ms, settled) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  replays: `INSERT OR REPLACE INTO replays (grant_id, times, at_ms, generation, gap, since_rotation_ms, response,
    looks_like, caller, rotated_by) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  audit: `INSERT OR REPLACE INTO audit (${ENTRY_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  vehicle: `INSERT INTO vehicles (grant_id, id, vin, make, model, year, nickname, powertrain)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
} as const;

const REMOVALS = {
  keys: 'DELETE FROM keys WHERE number = ?',
  grants: 'DELETE FROM grants WHERE id = ?',
  replays: 'DELETE FROM replays WHERE grant_id = ?',
  codes: 'DELETE FROM codes WHERE grant_id = ?',
  device_requests: 'DELETE FROM device_requests WHERE grant_id = ?',
  covered_vehicles: 'DELETE FROM vehicles WHERE grant_id = ?',
  consents:
    'DELETE FROM consents WHERE grant_id = ?1 AND subject = (SELECT subject FROM grants WHERE id = ?1)',
  imported_tokens: 'DELETE FROM imported_tokens WHERE grant_id = ?',
  grant_events: 'DELETE FROM grant_events WHERE sequence = ?',
  deliveries: 'DELETE FROM deliveries WHERE grant_event = ? AND webhook_id = ?',
  audit: 'DELETE FROM audit WHERE sequence = ?',
} as const;

/** Runs a statement, prepared once. */
type Run = (sql: string, ...values: readonly SQLInputValue[]) => void;

/** The writes of a copy, each inside the open transaction. Foreign keys must be off. */
export const createCopyWrites = (database: DatabaseSync) => {
  // No limit: the rows of both stores are compared.
  const callers = createCallerNames(database, Infinity);
  const scopes = createScopeNames(database);
  const prepared = new Map<string, ReturnType<DatabaseSync['prepare']>>();
  const run: Run = (sql, ...values) => {
    const statement = prepared.get(sql) ?? database.prepare(sql);
    prepared.set(sql, statement);
    statement.run(...values);
  };
  const callerOf = (address: CopyValue = null, userAgent: CopyValue = null): number | null =>
    address === null ? null : callers.numberOf({ address: String(address), userAgent: String(userAgent) });

  const writeGrant = ({ key, values }: CopyRow): void => {
    const [clientId, subject, scope, brand, createdAtMs, revokedAtMs, cause, generation, keyNumber, ...rest] =
      values as readonly [CopyValue, ...CopyValue[]];
    const [newest = null, earlier = null, address, userAgent, digest = null, vehicleData = null] = rest;
    // The consent is found by the owner that the grant had here; consents are copied after grants.
    run(REMOVALS.consents, key);
    const moments = packRotations(historyOf(newest, earlier));
    const standing = [
      subject ?? null,
      scopes.numberOf(String(scope)),
      brand ?? null,
      createdAtMs ?? null,
      revokedAtMs ?? null,
    ];
    const turn = [
      generation ?? null,
      keyNumber ?? null,
      moments,
      callerOf(address, userAgent),
      bytesOf(digest),
    ];
    run(GRANT, key, ...standing, cause ?? null, ...turn, vehicleData, clientId);
  };

  const writeVehicles = ({ key, values }: CopyRow): void => {
    run(REMOVALS.covered_vehicles, key);
    for (const { id, vin, make, model, year, nickname, powertrain } of vehiclesOf(values[0] ?? null))
      run(PLAIN.vehicle, key, id, vin, make, model, year, nickname, powertrain);
  };

  const writeRow = ({ table, webhookId }: CopySlice, row: CopyRow): void => {
    const { key, values } = row;
    switch (table) {
      case 'grants':
        return writeGrant(row);
      case 'covered_vehicles':
        return writeVehicles(row);
      case 'replays': {
        const [address, userAgent, rotatedAddress, rotatedUserAgent] = values.slice(-4);
        const by = [callerOf(address, userAgent), callerOf(rotatedAddress, rotatedUserAgent)];
        return run(PLAIN.replays, key, ...values.slice(0, -4), ...by);
      }
      case 'codes':
        return run(PLAIN.codes, key, ...values.slice(0, -1), bytesOf(values.at(-1) ?? null));
      case 'device_requests':
        return run(PLAIN.device_requests, key, ...values);
      case 'imported_tokens':
        // A grant has one token and a token one grant, but both may have had another here.
        run(REMOVALS.imported_tokens, key);
        return run(PLAIN.imported_tokens, key, bytesOf(values[0] ?? null), values[1] ?? null);
      case 'deliveries':
        return run(PLAIN.deliveries, key, ...values, String(webhookId));
      case 'grant_events':
        return run(
          PLAIN.grant_events,
          key,
          ...values.slice(0, 3),
          BigInt(String(values[3])),
          ...values.slice(4),
        );
      case 'consents':
        return run(PLAIN.consents, key, row.subject ?? null);
      case 'keys':
        return run(PLAIN.keys, key, ...values);
      case 'audit':
        return run(PLAIN.audit, key, ...values);
    }
  };

  return {
    write(slice: CopySlice, { rows, gone }: PageChange): void {
      for (const key of gone) {
        if (slice.table === 'grants') run(REMOVALS.consents, key);
        run(REMOVALS[slice.table], key, ...(slice.webhookId === undefined ? [] : [slice.webhookId]));
      }
      for (const row of rows) writeRow(slice, row);
    },
    writeListed: (table: ListedTable, change: PageChange<string>): void => writeListed(run, table, change),
    /** Forgets the numbers that a rolled back transaction gave. */
    forget(): void {
      callers.forget();
      scopes.forget();
    },
  };
};

const writeListed = (run: Run, table: ListedTable, { rows, gone }: PageChange<string>): void => {
  for (const row of rows) {
    if (table === 'clients') writeClient(run, row);
    else
      run(
        `INSERT OR REPLACE INTO webhooks (id, url, format, client_id, kinds, key_number, created_at_ms, disabled_at_ms)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
        row.key,
        ...row.values,
      );
  }
  for (const id of gone) {
    if (table === 'webhooks') run('DELETE FROM deliveries WHERE webhook_id = ?', id);
    else
      run('DELETE FROM client_secrets WHERE client_number = (SELECT number FROM clients WHERE id = ?)', id);
    run(`DELETE FROM ${table} WHERE id = ?`, id);
  }
};

const writeClient = (run: Run, { key, values }: CopyRow<string>): void => {
  const others = values.toSpliced(CLIENT_SECRETS_AT, 1);
  run(CLIENT, key, ...others.map((value) => value ?? null), randomInt(REVISION_MAX));
  run('DELETE FROM client_secrets WHERE client_number = (SELECT number FROM clients WHERE id = ?)', key);
  for (const { id, name: called, digest, createdAtMs: at, expiresAtMs, lastUsedAtMs } of readSecrets(
    values[CLIENT_SECRETS_AT] ?? '[]',
  ))
    run(SECRET, id, called, digest, at, expiresAtMs ?? null, lastUsedAtMs ?? null, key);
};

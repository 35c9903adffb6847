import type { DatabaseSync } from 'node:sqlite';
import { digestSubject, hexOf, historyValues, vehiclesText, writeSecrets } from '../copy/row-form.ts';
import { CHANGE_MARKERS } from '../copy/endpoint.ts';
import type { CopyPage, CopyRow, CopySlice, CopyTable, CopyValue, ListedTable } from '../copy/endpoint.ts';
import { ENTRY_COLUMNS } from '../../operators/audit-entry.ts';
import { KEY_COLUMNS } from '../key-rows.ts';
import { toVehicle } from './covered-vehicles.ts';
import { unpackRotations } from './packed-rotations.ts';
import { ID_MAX, ID_MIN, prepareValues, toSecret } from './rows.ts';
import type { Row, Values } from './rows.ts';

/** The columns after the key, in the order of `COLUMNS`; `prefix` is that of the tables. */
const selectionOf = (table: CopyTable, prefix: string): string => {
  switch (table) {
    case 'keys':
      return `${KEY_COLUMNS} FROM ${prefix}keys WHERE number`;
    case 'grants':
      return `g.id, c.id, g.subject, s.scope, g.brand, g.created_at_ms, g.revoked_at_ms, g.revocation_cause, g.generation,
        g.key_number, g.rotations, NULL, k.address, k.user_agent, g.use_digest,
        g.vehicle_data
        FROM ${prefix}grants AS g LEFT JOIN ${prefix}clients AS c ON c.number = g.client_number
        LEFT JOIN scopes AS s ON s.number = g.scope_number LEFT JOIN callers AS k ON k.number = g.rotated_by WHERE g.id`;
    case 'replays':
      return `grant_id, times, at_ms, generation, gap, since_rotation_ms, response, looks_like, c.address, c.user_agent,
        r.address, r.user_agent FROM ${prefix}replays LEFT JOIN callers AS c ON c.number = caller
        LEFT JOIN callers AS r ON r.number = rotated_by WHERE grant_id`;
    case 'codes':
      return `grant_id, client_id, redirect_uri, code_challenge, key_thumbprint, issued_at_ms, subject, scope, brand,
        vehicles, vehicle_data, redeemed_at_ms, use_digest FROM ${prefix}codes WHERE grant_id`;
    case 'device_requests':
      return `grant_id, client_id, user_code, scope, code_challenge, issued_at_ms, interval_seconds, polled_at_ms, settled
        FROM ${prefix}device_requests WHERE grant_id`;
    case 'covered_vehicles':
      return `grant_id, json_group_array(json_object('id', id, 'vin', vin, 'make', make, 'model', model, 'year', year,
        'nickname', nickname, 'powertrain', powertrain)) FROM ${prefix}vehicles WHERE grant_id`;
    case 'consents':
      // Consents are keyed by owner here, so the grants come first, in the order of ids.
      return `g.id, g.subject FROM ${prefix}grants AS g CROSS JOIN ${prefix}consents AS c
        ON c.subject = g.subject AND c.grant_id = g.id WHERE g.id`;
    case 'imported_tokens':
      return `grant_id, digest, expires_at_ms FROM ${prefix}imported_tokens WHERE grant_id`;
    case 'grant_events':
      return `sequence, id, at_ms, kind, CAST(grant_id AS TEXT), client_id, subject, request_id, cause, vins
        FROM ${prefix}grant_events WHERE sequence`;
    case 'deliveries':
      return `grant_event, attempts, next_at_ms, delivered_at_ms, last_status, last_error FROM ${prefix}deliveries
        WHERE webhook_id = ? AND grant_event`;
    case 'audit':
      return `${ENTRY_COLUMNS} FROM ${prefix}audit WHERE sequence`;
  }
};

const KEY_NAMES: Readonly<Partial<Record<CopyTable, string>>> = {
  keys: 'number',
  grants: 'g.id',
  consents: 'g.id',
  grant_events: 'sequence',
  audit: 'sequence',
  deliveries: 'grant_event',
};

const COUNTS: Readonly<Partial<Record<CopyTable, string>>> = { covered_vehicles: 'count(DISTINCT grant_id)' };

const sqlOf = (table: CopyTable, prefix: string): string => {
  const key = KEY_NAMES[table] ?? 'grant_id';
  const selection = selectionOf(table, prefix).replace(key, `CAST(${key} AS TEXT)`);
  const group = table === 'covered_vehicles' ? 'GROUP BY grant_id' : '';
  return `SELECT ${selection} >= ? ${group} ORDER BY ${key} LIMIT ?`;
};

/** As `sqlOf`, with the `CHANGE_MARKERS` only. */
const markersSqlOf = (table: CopyTable, prefix: string): string => {
  const key = table === 'grants' ? 'id' : (KEY_NAMES[table] ?? 'grant_id');
  // Clients are numbers here.
  const markers = (CHANGE_MARKERS[table] ?? []).map((name) =>
    name === 'client_id' ? `(SELECT id FROM ${prefix}clients WHERE number = client_number)` : name,
  );
  const columns = [`CAST(${key} AS TEXT)`, ...markers].join(', ');
  return `SELECT ${columns} FROM ${prefix}${table} WHERE ${key} >= ? ORDER BY ${key} LIMIT ?`;
};

const SECRETS = 'SELECT * FROM {}client_secrets WHERE client_number = ? ORDER BY created_at_ms, id';
const CLIENTS = `SELECT number, id, dialect, type, name, redirect_uris, consent_redirect_uri, profile, policy, client_keys, registration, waits_for_approval, '',
  created_at_ms, disabled_at_ms, has_imported_tokens FROM {}clients`;
const WEBHOOKS =
  'SELECT id, url, format, client_id, kinds, key_number, created_at_ms, disabled_at_ms FROM {}webhooks';
/** The index in a client's values. */
export const CLIENT_SECRETS_AT = 10;
/** The index in a grant's values of the newest rotation; the earlier ones follow. */
const HISTORY_AT = 9;

/** The reads of a copy, inside a transaction or not. */
export const createCopyReads = (database: DatabaseSync, prefix: string) => {
  const statements = new Map<string, ReturnType<typeof prepareValues>>();
  const prepared = (sql: string) => {
    const statement = statements.get(sql) ?? prepareValues(database, sql.replaceAll('{}', prefix));
    statements.set(sql, statement);
    return statement;
  };
  const secrets = database.prepare(SECRETS.replace('{}', prefix));

  const toListed = (table: ListedTable, values: Values): CopyRow<string> => {
    if (table === 'webhooks') return { key: String(values[0]), values: values.slice(1).map(toValue) };
    const [number, id, ...rest] = values;
    const kept = secrets.all(Number(number)).map(toSecret);
    const texts = rest.map(toValue);
    return { key: String(id), values: texts.with(CLIENT_SECRETS_AT, writeSecrets(kept)) };
  };

  const read = ({ table, webhookId }: CopySlice, from: bigint, limit: number, markersOnly: boolean) => {
    const statement = prepared(markersOnly ? markersSqlOf(table, prefix) : sqlOf(table, prefix));
    return webhookId === undefined ? statement.all(from, limit) : statement.all(webhookId, from, limit);
  };

  return {
    read(slice: CopySlice, { after, limit, markersOnly = false }: CopyPage): readonly CopyRow[] {
      if (after === ID_MAX) return [];
      const rows = read(slice, after === undefined ? ID_MIN : after + 1n, limit, markersOnly);
      return rows.map((values) => (markersOnly ? toMarkersRow(values) : toRow(slice.table, values)));
    },
    readRows: (slice: CopySlice, keys: readonly bigint[]): readonly CopyRow[] =>
      keys.flatMap((key) =>
        read(slice, key, 1, false)
          .map((values) => toRow(slice.table, values))
          .filter((row) => row.key === key),
      ),
    list: (table: ListedTable): readonly CopyRow<string>[] =>
      prepared(table === 'clients' ? CLIENTS : WEBHOOKS)
        .all()
        .map((values) => toListed(table, values)),
    count(table: CopyTable): number {
      const name = table === 'covered_vehicles' ? 'vehicles' : table;
      return Number(prepared(`SELECT ${COUNTS[table] ?? 'count(*)'} FROM {}${name}`).get()?.[0]);
    },
  };
};

const toRow = (table: CopyTable, [id, ...rest]: Values): CopyRow => {
  const key = BigInt(String(id));
  if (table === 'covered_vehicles')
    return { key, values: [vehiclesText((JSON.parse(String(rest[0])) as Row[]).map(toVehicle))] };
  const values = rest.map(toValue);
  if (table === 'consents') {
    const subject = values[0] ?? null;
    return { key, values: [hexOf(digestSubject(String(subject)))], subject };
  }
  if (table !== 'grants') return { key, values };
  const [newest, earlier] = historyValues(unpackRotations(rest[HISTORY_AT]));
  return { key, values: values.with(HISTORY_AT, newest).with(HISTORY_AT + 1, earlier) };
};

const toMarkersRow = ([id, ...rest]: Values): CopyRow => ({
  key: BigInt(String(id)),
  values: rest.map(toValue),
});

const toValue = (value: Values[number]): CopyValue => {
  if (value instanceof Uint8Array) return hexOf(value);
  return typeof value === 'bigint' ? Number(value) : value;
};

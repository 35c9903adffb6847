import { bytesOf, hexOf, historyValues, vehiclesOf, vehiclesText, writeSecrets } from '../copy/row-form.ts';
import { COLUMNS, CHANGE_MARKERS } from '../copy/endpoint.ts';
import type { CopyRow, CopyTable, CopyValue, ListedTable } from '../copy/endpoint.ts';
import { targetsOf } from '../../operators/audit-entry.ts';
import { parseVehicles, vinsOf } from './verbs/covered-vehicles.ts';
import { unpackHistory } from '../copy/packed-history.ts';
import { toClient, toNumber, toText, toTexts } from './verbs/rows.ts';
import type { Row, Value } from './connection/transaction.ts';

/** The key of each table. */
export const KEYS: Readonly<Record<CopyTable, string>> = {
  keys: 'number',
  grants: 'id',
  replays: 'grant_id',
  codes: 'grant_id',
  device_requests: 'grant_id',
  covered_vehicles: 'grant_id',
  consents: 'grant_id',
  imported_tokens: 'grant_id',
  grant_events: 'sequence',
  deliveries: 'grant_event',
  audit: 'sequence',
};

const SQL_TYPES = { integer: 'bigint', text: 'text', bytes: 'bytea', id: 'bigint' } as const;

type Column = readonly [string, keyof typeof SQL_TYPES];

const COLUMNS_OF = new Map<string, readonly Column[]>(
  Object.entries(COLUMNS).map(([table, columns]) => [table, Object.entries(columns)]),
);

const columnsOf = (table: CopyTable): readonly Column[] => COLUMNS_OF.get(table) ?? [];

/** SQL for the rows of a table with their `key`. `prefix`: of the table's name, where the store has moved. */
export const sourceOf = (table: CopyTable, prefix: string): string => {
  // Row by row: the plan of a join may begin at the first grant for every page.
  if (table === 'consents')
    return `(SELECT grant_id AS key, subject_digest, (SELECT subject FROM ${prefix}grants WHERE id = grant_id) AS subject
      FROM ${prefix}consents)`;
  const columns = [`${KEYS[table]} AS key`, ...columnsOf(table).map(([name]) => name)];
  // A grant that covers nothing is the same as one that has no row.
  const where = table === 'covered_vehicles' ? `WHERE vehicles <> '[]'` : '';
  const webhook = table === 'deliveries' ? ', webhook_id' : '';
  return `(SELECT ${columns.join(', ')}${webhook} FROM ${prefix}${table} ${where})`;
};

/** As `sourceOf`, with the change markers only. */
export const markersOf = (table: CopyTable, prefix: string): string =>
  `(SELECT ${[`${KEYS[table]} AS key`, ...(CHANGE_MARKERS[table] ?? [])].join(', ')} FROM ${prefix}${table})`;

export const toMarkerRow = (table: CopyTable, row: Row): CopyRow => {
  const values = (CHANGE_MARKERS[table] ?? []).map((name) =>
    toCopyValue(row[name], columnsOf(table).find(([column]) => column === name)?.[1] ?? 'text'),
  );
  return { key: BigInt(String(row['key'])), values };
};

export const toCopyRow = (table: CopyTable, row: Row): CopyRow => {
  const values = columnsOf(table).map(([name, kind]) => toCopyValue(row[name], kind));
  const key = BigInt(String(row['key']));
  if (table === 'covered_vehicles') return { key, values: [vehiclesText(parseVehicles(row['vehicles']))] };
  if (table === 'consents') return { key, values, subject: toCopyValue(row['subject'], 'text') };
  if (table !== 'grants') return { key, values };
  const rotatedAtMs = toNumber(row['rotated_at_ms']) ?? null;
  const [newest, earlier] = historyValues(
    unpackHistory({ rotatedAtMs, earlier: row['earlier_rotations'] as Buffer }),
  );
  const at = columnsOf(table).findIndex(([name]) => name === 'rotated_at_ms');
  values[at] = newest;
  values[at + 1] = earlier;
  return { key, values };
};

const toCopyValue = (value: Value, kind: keyof typeof SQL_TYPES): CopyValue => {
  if (value === null || value === undefined) return null;
  if (kind === 'bytes') return hexOf(value);
  return kind === 'integer' ? Number(value) : String(value);
};

/** A statement and its parameters. */
type Statement = { readonly text: string; readonly values: readonly unknown[] };

/** The statements that write rows. `webhookId`: of deliveries. */
export const upsertsOf = (
  table: CopyTable,
  rows: readonly CopyRow[],
  webhookId: string | undefined,
): readonly Statement[] => {
  const keys = rows.map(({ key }) => String(key));
  if (table === 'imported_tokens' || table === 'consents') return replacements(table, keys, rows);
  const columns = columnsOf(table);
  const names = columns.map(([name]) => name).join(', ');
  const places = columns.map(([, kind], index) => `$${index + 2}::${SQL_TYPES[kind]}[]`).join(', ');
  const set = columns.map(([name]) => `${name} = excluded.${name}`).join(', ');
  const values = columns.map(([, kind], index) =>
    rows.map((row) => toParameter(table, kind, row.values[index] ?? null)),
  );
  const webhook = webhookId === undefined ? { name: '', value: '' } : WEBHOOK(columns.length + 2);
  const text = `INSERT INTO ${table} (${webhook.name}${KEYS[table]}, ${names})
    SELECT ${webhook.value}u.* FROM unnest($1::bigint[], ${places}) AS u
    ON CONFLICT (${webhook.name}${KEYS[table]}) DO UPDATE SET ${set}`;
  const upsert = { text, values: [keys, ...values, ...(webhookId === undefined ? [] : [webhookId])] };
  if (table === 'grant_events') return [upsert, ...eventVins(rows)];
  if (table === 'audit') return [upsert, ...auditTargets(rows)];
  return table === 'covered_vehicles' ? [upsert, ...vinReplacements(keys, rows)] : [upsert];
};

/** The VINs of grant events, which never change. */
const eventVins = (rows: readonly CopyRow[]): readonly Statement[] => {
  const about = rows.flatMap(({ key, values }) =>
    toTexts(String(values.at(-1)), 'grant_events.vins').map((vin: string) => ({
      vin,
      sequence: String(key),
    })),
  );
  return [
    {
      text: `INSERT INTO grant_event_vins (vin, sequence) SELECT * FROM unnest($1::text[], $2::bigint[])
        ON CONFLICT DO NOTHING`,
      values: [about.map(({ vin }) => vin), about.map(({ sequence }) => sequence)],
    },
  ];
};

/** What entries of the audit log, which never change, are about. */
const auditTargets = (rows: readonly CopyRow[]): readonly Statement[] => {
  const names = columnsOf('audit').map(([name]) => name);
  const textOf = ({ values }: CopyRow, name: string): string => String(values[names.indexOf(name)]);
  const about = rows.flatMap((row) =>
    targetsOf({ target: textOf(row, 'target'), details: textOf(row, 'details') }).map((target) => ({
      target,
      sequence: String(row.key),
    })),
  );
  return [
    {
      text: `INSERT INTO audit_targets (target, sequence) SELECT * FROM unnest($1::text[], $2::bigint[])
        ON CONFLICT DO NOTHING`,
      values: [about.map(({ target }) => target), about.map(({ sequence }) => sequence)],
    },
  ];
};

/** The VINs that belong to rows of `covered_vehicles`. */
const vinReplacements = (keys: readonly string[], rows: readonly CopyRow[]): readonly Statement[] => {
  const covered = rows.flatMap(({ key, values }) =>
    vinsOf(vehiclesOf(values[0] ?? null)).map((vin) => ({ vin, id: String(key) })),
  );
  return [
    { text: 'DELETE FROM covered_vins WHERE grant_id = ANY($1::bigint[])', values: [keys] },
    {
      text: 'INSERT INTO covered_vins (vin, grant_id) SELECT * FROM unnest($1::text[], $2::bigint[])',
      values: [covered.map(({ vin }) => vin), covered.map(({ id }) => id)],
    },
  ];
};

/** For tables whose primary key is not the grant: the row of the grant here may have another key. */
const replacements = (
  table: 'imported_tokens' | 'consents',
  keys: readonly string[],
  rows: readonly CopyRow[],
): readonly Statement[] => {
  const digests = rows.map(({ values }) => bytesOf(values[0] ?? null));
  const rest = rows.map(({ values }) => values[1] ?? null);
  const gone = { text: `DELETE FROM ${table} WHERE grant_id = ANY($1::bigint[])`, values: [keys] };
  if (table === 'consents') {
    const text =
      'INSERT INTO consents (grant_id, subject_digest) SELECT * FROM unnest($1::bigint[], $2::bytea[])';
    return [gone, { text, values: [keys, digests] }];
  }
  const text = `INSERT INTO imported_tokens (grant_id, digest, expires_at_ms)
    SELECT * FROM unnest($1::bigint[], $2::bytea[], $3::bigint[])
    ON CONFLICT (digest) DO UPDATE SET grant_id = excluded.grant_id, expires_at_ms = excluded.expires_at_ms`;
  return [gone, { text, values: [keys, digests, rest] }];
};

const WEBHOOK = (place: number) => ({ name: 'webhook_id, ', value: `$${place}::text, ` });

const toParameter = (table: CopyTable, kind: keyof typeof SQL_TYPES, value: CopyValue): unknown => {
  if (kind === 'bytes') return bytesOf(value);
  return table === 'covered_vehicles' ? JSON.stringify(vehiclesOf(value)) : value;
};

/** The columns of a listed table except `id`. */
export const LISTED_COLUMNS: Readonly<Record<ListedTable, readonly string[]>> = {
  clients: [
    'dialect',
    'type',
    'name',
    'redirect_uris',
    'consent_redirect_uri',
    'profile',
    'policy',
    'client_keys',
    'registration',
    'waits_for_approval',
    'secrets',
    'created_at_ms',
    'disabled_at_ms',
    'has_imported_tokens',
  ],
  webhooks: ['url', 'format', 'client_id', 'kinds', 'key_number', 'created_at_ms', 'disabled_at_ms'],
};

const NUMBERS = new Set(['created_at_ms', 'disabled_at_ms', 'key_number']);
const BOOLEANS = new Set(['waits_for_approval', 'has_imported_tokens']);

export const toListedRow = (table: ListedTable, row: Row): CopyRow<string> => ({
  key: String(row['id']),
  values: LISTED_COLUMNS[table].map((name) => {
    // Parsed and written again, so that secrets have today's order and form.
    if (name === 'secrets') return writeSecrets(toClient(row).secrets);
    if (BOOLEANS.has(name)) return row[name] === true ? 1 : 0;
    return (NUMBERS.has(name) ? toNumber(row[name]) : toText(row[name])) ?? null;
  }),
});

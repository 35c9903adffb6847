import { Client, escapeIdentifier, escapeLiteral } from 'pg';
import type { QueryResult } from 'pg';

type Value = string | number | boolean | Buffer | null;
type Row = Readonly<Record<string, Value>>;

/** Every row of a database, by the names of the tables. */
export type Content = ReadonlyMap<string, readonly Row[]>;

/** Reads and writes the whole content of a database, without the store. */
export type ContentAccess = {
  read(): Promise<Content>;
  /** Replaces all rows. */
  write(content: Content): Promise<void>;
  close(): Promise<void>;
};

/** The schema and the reports of nodes are not part of the store's content. */
const OTHER_TABLES = ['keyfob_schema', 'nodes'];

/** Opens the content of a database that has a store already. */
export const openContent = async (url: string): Promise<ContentAccess> => {
  const client = new Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query<{ readonly name: string }>(
    `SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' AND tablename <> ALL($1::text[]) ORDER BY 1`,
    [OTHER_TABLES],
  );
  const tables = rows.map(({ name }) => name);
  // One packet, so that all tables are read at the same time.
  const select = tables.map((table) => `SELECT * FROM ${escapeIdentifier(table)}`).join(';');
  return {
    async read() {
      const results = (await client.query(select)) as unknown as readonly QueryResult<Row>[];
      return new Map(tables.map((table, at) => [table, results[at]?.rows ?? []]));
    },
    async write(content) {
      const statements = tables.flatMap((table) => writeOf(table, content.get(table) ?? []));
      await client.query(['BEGIN', ...statements, 'COMMIT'].join(';'));
    },
    close: () => client.end(),
  };
};

const writeOf = (table: string, rows: readonly Row[]): readonly string[] => {
  const name = escapeIdentifier(table);
  if (rows.length === 0) return [`DELETE FROM ${name}`];
  const json = escapeLiteral(JSON.stringify(rows.map(toJson)));
  return [
    `DELETE FROM ${name}`,
    `INSERT INTO ${name} SELECT * FROM json_populate_recordset(NULL::${name}, ${json})`,
  ];
};

/** A row in the form that PostgreSQL reads from JSON. 64-bit integers are already text. */
const toJson = (row: Row): object =>
  Object.fromEntries(
    Object.entries(row).map(([name, value]) => [
      name,
      Buffer.isBuffer(value) ? `\\x${value.toString('hex')}` : value,
    ]),
  );

/** The content after `keyfob restore` restores `backup` over `now`. */
export const restored = (now: Content, backup: Content): Content => {
  const rowsOf = (content: Content, table: string): readonly Row[] => content.get(table) ?? [];
  const byKey = (table: string, key: string) =>
    new Map(rowsOf(now, table).map((row) => [row[key], row] as const));
  const grants = byKey('grants', 'id');
  const clients = byKey('clients', 'id');
  const kept = new Set(rowsOf(backup, 'grants').map(({ id }) => id));
  /** The current rows of grants that still exist; for other grants, the rows of the backup. */
  const ofGrants = (table: string): readonly Row[] => [
    ...rowsOf(now, table).filter(({ grant_id: id }) => kept.has(id ?? null)),
    ...rowsOf(backup, table).filter(({ grant_id: id }) => !grants.has(id)),
  ];
  const asNow = ['codes', 'grant_events', 'webhooks', 'deliveries'].map(
    (table) => [table, rowsOf(now, table)] as const,
  );
  return new Map([
    ...backup,
    ...asNow,
    [
      'keys',
      [
        ...new Map(
          [...rowsOf(backup, 'keys'), ...rowsOf(now, 'keys')].map((row) => [row['number'], row]),
        ).values(),
      ],
    ],
    ['covered_vehicles', ofGrants('covered_vehicles')],
    ['covered_vins', ofGrants('covered_vins')],
    ['consents', ofGrants('consents')],
    ['replays', ofGrants('replays')],
    ['grants', rowsOf(backup, 'grants').map((row) => furtherOf(row, grants.get(row['id'])))],
    [
      'clients',
      rowsOf(backup, 'clients').map(
        (row) =>
          clients.get(row['id']) ?? {
            ...row,
            disabled_at_ms: row['disabled_at_ms'] ?? row['created_at_ms'] ?? null,
          },
      ),
    ],
  ]);
};

/** The row with the higher generation, revoked or not as the current row is. */
const furtherOf = (backup: Row, now: Row = backup): Row => {
  const further = Number(now['generation']) > Number(backup['generation']) ? now : backup;
  const { revoked_at_ms, revocation_cause } = now;
  return { ...further, revoked_at_ms: revoked_at_ms ?? null, revocation_cause: revocation_cause ?? null };
};

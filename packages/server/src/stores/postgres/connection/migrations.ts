import { readdirSync, readFileSync } from 'node:fs';
import { OperatorError } from '../../../errors.ts';
import { STATEMENT_SECONDS } from './engine.ts';
import { sqlStateOf } from './errors.ts';
import type { Connections } from './pool.ts';
import type { Query, Row } from './transaction.ts';

/**
 * A step of the schema. A step that only adds serves older versions too, so that both versions run side by side during
 * an upgrade (expand). A later step removes what no version needs any more (contract).
 */
export type Migration = {
  /** Of the schema that it leads to. */
  readonly number: number;
  readonly name: string;
  /** The oldest schema whose version of keyfob still works after it. */
  readonly servesFrom: number;
  readonly sql: string;
};

/** From which schema to which a database was migrated. */
export type Migrated = { readonly from: number; readonly to: number };

const FOLDER = new URL('./migrations/', import.meta.url);
const FIRST_LINE = /^-- Serves keyfob from schema (?<servesFrom>\d+) on\.\n/;
/** Long enough to rewrite a large table, and to wait until another node has done so. */
const TIMEOUT_MS = 3_600_000;
const ATTEMPTS_MAX = 5;
/** The row that serializes what must not run twice at once, above all migrations. */
const LOCK_ROW = 0;

const CREATE = `CREATE TABLE IF NOT EXISTS keyfob_schema (
  number      integer PRIMARY KEY,
  name        text NOT NULL,
  serves_from integer NOT NULL,
  applied_at  bigint NOT NULL
)`;
const INSERT = `INSERT INTO keyfob_schema (number, name, serves_from, applied_at)
  VALUES ($1, $2, $3, floor(${STATEMENT_SECONDS})::bigint) ON CONFLICT (number) DO NOTHING`;
const SELECT = `SELECT coalesce(max(number), 0) AS schema, coalesce(max(serves_from), 0) AS serves_from FROM keyfob_schema`;

/** The migrations of this version. The first line of each file says which schemas it serves. */
const readMigrations = (): readonly Migration[] =>
  readdirSync(FOLDER)
    .filter((name) => name.endsWith('.sql'))
    .sort()
    .map((name, index) => {
      const sql = readFileSync(new URL(name, FOLDER), 'utf8');
      const servesFrom = Number(FIRST_LINE.exec(sql)?.groups?.['servesFrom']);
      return { number: index + 1, name: name.replace('.sql', ''), servesFrom, sql };
    });

/** The number of the newest schema that this version knows. */
export const newestSchema = (): number => readMigrations().length;

/** The schema of a database, 0 for none. Throws `OperatorError` for one that does not serve this version. */
export const readSchema = async (
  { read }: Connections,
  migrations: readonly Migration[] = readMigrations(),
): Promise<number> => {
  const schema = await read(SELECT).catch((error: unknown) => {
    if (sqlStateOf((error as Error).cause) === '42P01') return [];
    throw error as Error;
  });
  return schemaOf(schema[0], migrations.length);
};

/**
 * Brings a database to the newest schema, one transaction per step. Any number of nodes may do so at once: the one that
 * locks the lock row does the step, and the others find it done. A newer database is left as it is.
 */
export const migrate = async (
  connections: Connections,
  migrations: readonly Migration[] = readMigrations(),
): Promise<Migrated> => {
  const from = await readSchema(connections, migrations);
  if (from >= migrations.length) return { from, to: from };
  await createTable(connections);
  for (const migration of migrations.slice(from)) await applyOnce(connections, migration, migrations.length);
  return { from, to: await readSchema(connections, migrations) };
};

const applyOnce = async (
  { transact }: Connections,
  { number, name, servesFrom, sql }: Migration,
  newest: number,
): Promise<void> =>
  transact(
    async ({ query }) => {
      await lockForAll(query);
      const [row] = await query(SELECT);
      if (schemaOf(row, newest) >= number) return;
      await query(sql);
      await query(INSERT, [number, name, servesFrom]);
    },
    { timeoutMs: TIMEOUT_MS },
  );

/** Lets no other transaction past this point until this one ends. For what happens rarely. */
export const lockForAll = async (query: Query): Promise<void> => {
  await query('SELECT number FROM keyfob_schema WHERE number = $1 FOR UPDATE', [LOCK_ROW]);
};

/** Two nodes that create the table at the same moment may both find it missing: the second one tries again. */
const createTable = async ({ write }: Connections): Promise<void> => {
  for (let attempts = 1; ; attempts++) {
    try {
      await write(CREATE);
      await write(INSERT, [LOCK_ROW, 'lock', 0]);
      return;
    } catch (error) {
      const state = sqlStateOf((error as Error).cause) ?? '';
      if (attempts > ATTEMPTS_MAX || !['23505', '42710', '42P07'].includes(state)) throw error;
    }
  }
};

const schemaOf = (row: Row | undefined, newest: number): number => {
  const schema = Number(row?.['schema'] ?? 0);
  const servesFrom = Number(row?.['serves_from'] ?? 0);
  if (servesFrom <= newest) return schema;
  throw new OperatorError(
    'store_newer',
    `the store has schema ${schema}, which serves versions of keyfob from schema ${servesFrom} on, and this version knows schemas up to ${newest}`,
    'Start the newer keyfob that wrote it, or restore a backup from before the upgrade. Nothing was changed.',
  );
};

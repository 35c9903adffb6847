import { readdirSync, readFileSync } from 'node:fs';
import { OperatorError } from '../../../errors.ts';
import { sqlStateOf } from './errors.ts';
import type { Connections } from './pool.ts';
import type { Ask, Row } from './transaction.ts';

/**
 * A step of the schema. Each begins with a line that says from which schema on a keyfob works with it: a step that only
 * adds serves the older ones too, so that both versions run side by side during an upgrade (expand), and a later
 * one takes away what no version needs any more (contract).
 */
type Migration = {
  readonly number: number;
  readonly name: string;
  readonly servesFrom: number;
  readonly sql: string;
};

/** What was done to the schema by a migration. */
export type Migrated = { readonly from: number; readonly to: number };

const FOLDER = new URL('./migrations/', import.meta.url);
const FIRST_LINE = /^-- Serves keyfob from schema (?<servesFrom>\d+) on\.\n/;
/** Long enough for the rewrite of a large table, and for waiting until another node has done it. */
const PATIENCE_MS = 3_600_000;
const ATTEMPTS_MAX = 5;
/** The row that whoever must be alone holds: to migrate, above all. */
const LOCK_ROW = 0;

const CREATE = `CREATE TABLE IF NOT EXISTS keyfob_schema (
  number      integer PRIMARY KEY,
  name        text NOT NULL,
  serves_from integer NOT NULL,
  applied_at  bigint NOT NULL
)`;
const INSERT = `INSERT INTO keyfob_schema (number, name, serves_from, applied_at)
  VALUES ($1, $2, $3, floor(extract(epoch FROM statement_timestamp()))::bigint) ON CONFLICT (number) DO NOTHING`;
const SELECT = `SELECT coalesce(max(number), 0) AS schema, coalesce(max(serves_from), 0) AS serves_from FROM keyfob_schema`;

const readMigrations = (): readonly Migration[] =>
  readdirSync(FOLDER)
    .filter((name) => name.endsWith('.sql'))
    .sort()
    .map((name, index) => {
      const sql = readFileSync(new URL(name, FOLDER), 'utf8');
      const servesFrom = Number(FIRST_LINE.exec(sql)?.groups?.['servesFrom']);
      return { number: index + 1, name: name.replace('.sql', ''), servesFrom, sql };
    });

/** The number of the newest schema this keyfob knows. */
export const newestSchema = (): number => readMigrations().length;

/** The schema of a database, 0 for none. Throws `OperatorError` for one that this keyfob cannot work with. */
export const readSchema = async ({ read }: Connections): Promise<number> => {
  const schema = await read(SELECT).catch((error: unknown) => {
    if (sqlStateOf((error as Error).cause) === '42P01') return [];
    throw error as Error;
  });
  return schemaOf(schema[0], newestSchema());
};

/**
 * Brings a database to the newest schema, one transaction a step. Any number of nodes may do so at once: whoever holds
 * the lock row goes on, and the others find its work done. A database that is newer is left as it is.
 */
export const migrate = async (connections: Connections): Promise<Migrated> => {
  const migrations = readMigrations();
  const from = await readSchema(connections);
  if (from >= migrations.length) return { from, to: from };
  await createTable(connections);
  for (const migration of migrations.slice(from)) await applyOnce(connections, migration);
  return { from, to: await readSchema(connections) };
};

const applyOnce = async (
  { transact }: Connections,
  { number, name, servesFrom, sql }: Migration,
): Promise<void> =>
  transact(
    async ({ ask }) => {
      await lockForAll(ask);
      const [row] = await ask(SELECT);
      if (schemaOf(row, newestSchema()) >= number) return;
      await ask(sql);
      await ask(INSERT, [number, name, servesFrom]);
    },
    { patienceMs: PATIENCE_MS },
  );

/** Holds up everybody else who asks for the same, until the transaction ends: for what happens once in a while. */
export const lockForAll = async (ask: Ask): Promise<void> => {
  await ask('SELECT number FROM keyfob_schema WHERE number = $1 FOR UPDATE', [LOCK_ROW]);
};

/** Two that make the same table at the same moment may both find it missing: the second tries again. */
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
    `the store has schema ${schema}, which serves keyfobs from schema ${servesFrom} on, and this one knows schemas up to ${newest}`,
    'Start the newer keyfob that wrote it, or bring back a backup from before the upgrade. Nothing was touched.',
  );
};

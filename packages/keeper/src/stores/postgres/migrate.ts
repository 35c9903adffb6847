import { randomUUID } from 'node:crypto';
import { KeeperError } from '../../errors.ts';
import type { Connections } from './connections.ts';
import type { Query } from './send.ts';
import { sqlStateOf } from './failures.ts';
import { SCHEMA } from './schema.ts';

/** Long enough to wait until another process has built an index. */
const TIMEOUT_MS = 3_600_000;
const TRIES_MAX = 8;
const TABLE_MISSING = '42P01';
/** Two processes that create a table at one moment may both find it missing; the second one tries again. */
const MADE_MEANWHILE: ReadonlySet<string | undefined> = new Set(['23505', '42710', '42P07']);

const CREATE_VERSION = `CREATE TABLE IF NOT EXISTS keeper_schema (
    one integer PRIMARY KEY CHECK (one = 1), version integer NOT NULL)`;

const INSERT_VERSION = 'INSERT INTO keeper_schema (one, version) VALUES (1, 0) ON CONFLICT (one) DO NOTHING';

/**
 * Brings a database to the newest tables, in one transaction. Any number of processes may start at once: one of them holds
 * the row of the version meanwhile, and the others find the work done. A process that finds nothing to do needs no right to
 * create tables. Throws `KeeperError` where a newer version wrote them.
 */
export const migrate = async (connections: Connections): Promise<void> => {
  if ((await readVersion(connections.read)) === SCHEMA.length) return;
  await createVersionRow(connections);
  await connections.transactUnmarked(async (query) => {
    const [row] = await query('SELECT version FROM keeper_schema FOR UPDATE');
    const version = checked(Number(row?.['version']));
    if (version === SCHEMA.length) return;
    for (const statements of SCHEMA.slice(version))
      for (const statement of statements.split(';')) if (statement.trim() !== '') await query(statement);
    await query('INSERT INTO keeper_deployment (one, id) VALUES (1, :id) ON CONFLICT (one) DO NOTHING', {
      id: randomUUID(),
    });
    await query('UPDATE keeper_schema SET version = :version', { version: SCHEMA.length });
  }, TIMEOUT_MS);
};

const readVersion = async (read: Query): Promise<number> => {
  try {
    const [row] = await read('SELECT version FROM keeper_schema');
    return checked(Number(row?.['version'] ?? 0));
  } catch (error) {
    if (stateOf(error) === TABLE_MISSING) return 0;
    throw error;
  }
};

const createVersionRow = async ({ transactUnmarked }: Connections): Promise<void> => {
  for (let tries = 1; ; tries++) {
    try {
      await transactUnmarked((query) => query(CREATE_VERSION));
      await transactUnmarked((query) => query(INSERT_VERSION));
      return;
    } catch (error) {
      if (tries === TRIES_MAX || !MADE_MEANWHILE.has(stateOf(error))) throw error;
    }
  }
};

const stateOf = (error: unknown): string | undefined =>
  sqlStateOf(error) ?? sqlStateOf(error instanceof Error ? error.cause : undefined);

const checked = (version: number): number => {
  if (version <= SCHEMA.length) return version;
  throw new KeeperError(
    'store_newer',
    'The database was written by a newer version of the keeper',
    'Start that version, or a later one.',
  );
};

import type { DatabaseSync } from 'node:sqlite';
import type { MoveState } from '../copy/endpoint.ts';
import { MOVED_PREFIX, COPYING_TABLE, MOVED_TABLE } from '../copy/moved.ts';

/** All but callers, scopes and clock, which mean nothing by themselves, and sessions, operator keys and what was used once, which do not move. */
const TABLES = [
  'clients',
  'client_secrets',
  'keys',
  'grants',
  'replays',
  'codes',
  'device_requests',
  'vehicles',
  'consents',
  'imported_tokens',
  'grant_events',
  'webhooks',
  'deliveries',
  'audit',
];

export const readMoveState = (database: DatabaseSync): MoveState => {
  const tables = database.prepare('SELECT name FROM sqlite_schema WHERE name IN (?, ?)');
  const names = new Set(tables.all(MOVED_TABLE, COPYING_TABLE).map((row) => row['name']));
  const read = (table: string, column: string): string | undefined => {
    if (!names.has(table)) return undefined;
    return String(database.prepare(`SELECT ${column} FROM ${table}`).get()?.[column]);
  };
  return { movedTo: read(MOVED_TABLE, 'destination'), copiedFrom: read(COPYING_TABLE, 'origin') };
};

/** Inside a transaction, after whose commit no statement of any process finds the tables. */
export const moveAway = (database: DatabaseSync, destination: string): void => {
  for (const name of TABLES) database.exec(`ALTER TABLE ${name} RENAME TO ${MOVED_PREFIX}${name}`);
  database.exec(`CREATE TABLE ${MOVED_TABLE} (destination TEXT NOT NULL) STRICT`);
  database.prepare(`INSERT INTO ${MOVED_TABLE} (destination) VALUES (?)`).run(destination);
};

/** Inside a transaction. */
export const moveBack = (database: DatabaseSync): void => {
  for (const name of TABLES) database.exec(`ALTER TABLE ${MOVED_PREFIX}${name} RENAME TO ${name}`);
  database.exec(`DROP TABLE ${MOVED_TABLE}`);
};

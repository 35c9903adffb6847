import type { MoveState } from '../copy/endpoint.ts';
import { MOVED_PREFIX, COPYING_TABLE, MOVED_TABLE } from '../copy/moved.ts';
import { toText } from './verbs/rows.ts';
import type { Query, Transaction } from './connection/transaction.ts';
import { lockTables, tableExists } from './connection/engine.ts';

/**
 * The tables that are renamed when a store moves, in the order in which they are locked. Clients come first, as in the
 * statement of a refresh, so that a move and a refresh rarely deadlock.
 */
export const TABLES: readonly string[] = [
  'clients',
  // Before the grants, as in the search for an imported token.
  'imported_tokens',
  'grants',
  'codes',
  'device_requests',
  'keys',
  'replays',
  'covered_vehicles',
  'covered_vins',
  'consents',
  'grant_events',
  'grant_event_vins',
  'webhooks',
  'deliveries',
  'delivery_attempts',
  'audit',
  'audit_targets',
];

/** What stays where it is: it means nothing elsewhere, or its secrets are made again. */
export const UNMOVED_TABLES: readonly string[] = [
  'clock',
  'nodes',
  'running_nodes',
  'troubles',
  'owner_sessions',
  'used_once',
  'audit_head',
  'operator_keys',
  'operator_sessions',
  'registration_tokens',
  'admin_writes',
];

export const readMoveState = async (query: Query): Promise<MoveState> => {
  const [there] = await query(
    `SELECT ${tableExists(MOVED_TABLE)} AS is_moved, ${tableExists(COPYING_TABLE)} AS is_copying`,
  );
  const [moved] = there?.['is_moved'] === true ? await query(`SELECT destination FROM ${MOVED_TABLE}`) : [];
  const [copying] = there?.['is_copying'] === true ? await query(`SELECT origin FROM ${COPYING_TABLE}`) : [];
  return { movedTo: toText(moved?.['destination']), copiedFrom: toText(copying?.['origin']) };
};

/** Waits for every transaction that uses the tables, and hides them from later ones. */
export const moveAway = async ({ query }: Transaction, destination: string): Promise<void> => {
  await query(lockTables(TABLES));
  await query(TABLES.map((name) => `ALTER TABLE ${name} RENAME TO ${MOVED_PREFIX}${name}`).join('; '));
  await query(`CREATE TABLE ${MOVED_TABLE} (destination text NOT NULL)`);
  await query(`INSERT INTO ${MOVED_TABLE} (destination) VALUES ($1)`, [destination]);
};

/** Undoes `moveAway`. */
export const moveBack = async ({ query }: Transaction): Promise<void> => {
  await query(TABLES.map((name) => `ALTER TABLE ${MOVED_PREFIX}${name} RENAME TO ${name}`).join('; '));
  await query(`DROP TABLE ${MOVED_TABLE}`);
};

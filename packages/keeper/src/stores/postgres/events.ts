import type { ClientFacts } from '../../grants/client-facts.ts';
import type { ClientEvent, GrantEvent } from '../../grants/events.ts';
import type { ClientVerbs, EventVerbs } from '../store.ts';
import { toEvent } from '../rows.ts';
import type { Connections } from './connections.ts';
import type { Query } from './send.ts';
import { NOW } from './schema.ts';

const INSERT = `INSERT INTO keeper_events (at_ms, grant_id, kind, event, once)
  VALUES (${NOW}, :grantId, :kind, :event, :once)
  ON CONFLICT (once) DO NOTHING`;

/**
 * Writes an event into the outbox, inside the transaction of what it announces. The row of its grant is locked by then, so
 * the numbers of one grant's events are in the order of their commits.
 */
export const insertEvent = async (
  query: Query,
  { grantId, event, once }: { grantId?: string; event: GrantEvent | ClientEvent; once?: string },
): Promise<void> => {
  await query(INSERT, { grantId, kind: event.kind, event: JSON.stringify(event), once });
};

const WAITING = `acknowledged_at_ms IS NULL AND (held_until_ms IS NULL OR held_until_ms <= ${NOW})`;
const WAITS = `SELECT 1 FROM keeper_events WHERE ${WAITING} LIMIT 1`;
const TAKE = `WITH waiting AS MATERIALIZED (
    SELECT number FROM keeper_events WHERE ${WAITING} ORDER BY number LIMIT :limit FOR UPDATE SKIP LOCKED
  ), taken AS (
    UPDATE keeper_events AS e SET held_until_ms = ${NOW} + :holdMs::bigint FROM waiting
    WHERE e.number = waiting.number RETURNING e.*
  ) SELECT taken.*, ARRAY(
      SELECT name FROM keeper_connections AS c WHERE c.grant_id = taken.grant_id ORDER BY name) AS names
    FROM taken ORDER BY number`;
const LOCK = 'SELECT 1 FROM keeper_events WHERE number = ANY(:ids::bigint[]) ORDER BY number FOR UPDATE';
const ACKNOWLEDGE = `UPDATE keeper_events SET acknowledged_at_ms = ${NOW} WHERE number = ANY(:ids::bigint[])`;

/** The outbox. */
export const createEventVerbs = ({ read, write, transact }: Connections): EventVerbs => ({
  async takeEvents(limit, holdMs) {
    // A look costs no transaction.
    if ((await read(WAITS)).length === 0) return [];
    const rows = await write(TAKE, { limit, holdMs });
    return rows.map((row) => toEvent(row, row['names'] as unknown as readonly string[]));
  },
  ackEvents: (ids) =>
    transact(async (query) => {
      await query(LOCK, { ids });
      await query(ACKNOWLEDGE, { ids });
    }),
  announce: (grantId, event, once) => transact((query) => insertEvent(query, { grantId, event, once })),
});

/** What processes share about clients. */
export const createClientVerbs = ({ read, transact }: Connections): ClientVerbs => ({
  async readClient(name) {
    const [row] = await read('SELECT version, facts FROM keeper_clients WHERE name = :name', { name });
    if (row === undefined) return undefined;
    return { version: Number(row['version']), facts: JSON.parse(String(row['facts'])) as ClientFacts };
  },
  writeClient: (name, version, facts, events) =>
    transact(async (query) => {
      const written = await query(version === 0 ? INSERT_CLIENT : UPDATE_CLIENT, {
        name,
        version,
        facts: JSON.stringify(facts),
      });
      if (written.length === 0) return false;
      for (const event of events) await insertEvent(query, { event });
      return true;
    }),
});

const INSERT_CLIENT = `INSERT INTO keeper_clients (name, version, facts) VALUES (:name, 1, :facts)
  ON CONFLICT (name) DO NOTHING RETURNING 1`;
const UPDATE_CLIENT = `UPDATE keeper_clients SET version = version + 1, facts = :facts
  WHERE name = :name AND version = :version RETURNING 1`;

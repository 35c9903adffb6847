import type { DatabaseSync } from 'node:sqlite';
import type { ClientEvent, GrantEvent } from '../../grants/events.ts';
import type { ClientFacts } from '../../grants/client-facts.ts';
import type { ClientVerbs, EventVerbs } from '../store.ts';
import { toEvent } from '../rows.ts';
import type { Connection } from './connection.ts';

/** Writes an event into the outbox, inside the transaction of what it announces. */
export const insertEvent = (
  database: DatabaseSync,
  event: { atMs: number; grantId?: string; event: GrantEvent | ClientEvent; once?: string },
): void => {
  database
    .prepare('INSERT OR IGNORE INTO events (at_ms, grant_id, kind, event, once) VALUES (?, ?, ?, ?, ?)')
    .run(
      event.atMs,
      event.grantId ?? null,
      event.event.kind,
      JSON.stringify(event.event),
      event.once ?? null,
    );
};

/** The outbox. */
export const createEventVerbs = ({ database, commits, nowMs }: Connection): EventVerbs => {
  const take = database.prepare(
    `UPDATE events SET held_until_ms = :now + :holdMs WHERE number IN (
      SELECT number FROM events WHERE acknowledged_at_ms IS NULL AND coalesce(held_until_ms, 0) <= :now
      ORDER BY number LIMIT :limit) RETURNING *`,
  );
  const waits = database.prepare(
    'SELECT 1 FROM events WHERE acknowledged_at_ms IS NULL AND coalesce(held_until_ms, 0) <= ? LIMIT 1',
  );
  const acknowledge = database.prepare('UPDATE events SET acknowledged_at_ms = ? WHERE number = ?');
  const names = database.prepare('SELECT name FROM connections WHERE grant_id = ? ORDER BY name');
  return {
    async takeEvents(limit, holdMs) {
      // A look costs no transaction.
      if ((await commits.read(() => waits.get(nowMs()))) === undefined) return [];
      return commits.run(() =>
        take
          .all({ now: nowMs(), holdMs, limit })
          .sort((one, other) => Number(one['number']) - Number(other['number']))
          .map((row) =>
            toEvent(
              row,
              names.all(row['grant_id'] ?? null).map(({ name }) => String(name)),
            ),
          ),
      );
    },
    ackEvents: (ids) =>
      commits.run(() => {
        for (const id of ids) acknowledge.run(nowMs(), Number(id));
      }),
    announce: (grantId, event, once) =>
      commits.run(() => insertEvent(database, { atMs: nowMs(), grantId, event, once })),
  };
};

/** What processes share about clients. */
export const createClientVerbs = ({ database, commits, nowMs }: Connection): ClientVerbs => {
  const read = database.prepare('SELECT version, facts FROM clients WHERE name = ?');
  const insert = database.prepare('INSERT OR IGNORE INTO clients (name, version, facts) VALUES (?, 1, ?)');
  const update = database.prepare(
    'UPDATE clients SET version = version + 1, facts = ? WHERE name = ? AND version = ?',
  );
  return {
    readClient: (name) =>
      commits.read(() => {
        const row = read.get(name);
        if (row === undefined) return undefined;
        return { version: Number(row['version']), facts: JSON.parse(String(row['facts'])) as ClientFacts };
      }),
    writeClient: (name, version, facts, events) =>
      commits.run(() => {
        const text = JSON.stringify(facts);
        const { changes } = version === 0 ? insert.run(name, text) : update.run(text, name, version);
        if (changes === 0) return false;
        for (const event of events) insertEvent(database, { atMs: nowMs(), event });
        return true;
      }),
  };
};

import { randomUUID } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import { GRANT_EVENT_KINDS } from '../../outbox/grant-event.ts';
import type { GrantEvent, NewGrantEvent } from '../../outbox/grant-event.ts';
import type { GrantEventStore } from '../../outbox/grant-event-store.ts';
import type { Connection } from './connection.ts';
import { createGrantEventLists } from './grant-event-lists.ts';
import type { Outbox } from './outbox.ts';
import { damaged, GRANT_ID_TEXT, toGrantId, toTexts } from './rows.ts';
import type { Row } from './rows.ts';

/** The columns that `toGrantEvent` reads, of the table `grant_events`. */
export const GRANT_EVENT_COLUMNS = `sequence, grant_events.id AS id, at_ms, kind, ${GRANT_ID_TEXT('grant_id')} AS grant_id,
  grant_events.client_id AS client_id, subject, request_id, cause, vins`;

const prepareStatements = (database: DatabaseSync) => ({
  insert: database.prepare(
    `INSERT INTO grant_events (id, at_ms, kind, grant_id, client_id, subject, request_id, cause, vins)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  ),
  read: database.prepare(`SELECT ${GRANT_EVENT_COLUMNS} FROM grant_events WHERE sequence = ?`),
  oldest: database.prepare('SELECT sequence, at_ms FROM grant_events ORDER BY sequence LIMIT ?'),
  remove: database.prepare('DELETE FROM grant_events WHERE sequence = ?'),
});

/** What happened to grants. Writes run inside the open transaction, the one in which it happened. */
export const createGrantEvents = (database: DatabaseSync, outbox: Outbox) => {
  const sql = prepareStatements(database);
  const list = createGrantEventLists(database, GRANT_EVENT_COLUMNS);

  const add = (grantEvent: NewGrantEvent): void => {
    const { atMs, kind, grantId, clientId, subject, requestId = null, cause = null, vins } = grantEvent;
    const what = [kind, grantId, clientId, subject, requestId, cause, JSON.stringify(vins)];
    const { lastInsertRowid } = sql.insert.run(randomUUID(), atMs, ...what);
    outbox.add(Number(lastInsertRowid), grantEvent);
  };

  return {
    /** With a delivery of each to every webhook that wants it. */
    addAll(events: readonly NewGrantEvent[]): void {
      for (const event of events) add(event);
    },
    read(sequence: number): GrantEvent | undefined {
      const row = sql.read.get(sequence);
      return row === undefined ? undefined : toGrantEvent(row);
    },
    drop({ beforeMs, limit }: Parameters<GrantEventStore['dropGrantEvents']>[0]): number {
      const old = sql.oldest
        .all(limit)
        .filter((row) => Number(row['at_ms']) < beforeMs)
        .map((row) => Number(row['sequence']))
        .filter((sequence) => !outbox.isDue(sequence));
      for (const sequence of old) {
        outbox.drop(sequence);
        sql.remove.run(sequence);
      }
      return old.length;
    },
    list: (page: Parameters<GrantEventStore['listGrantEvents']>[0]): readonly GrantEvent[] =>
      list(page).map(toGrantEvent),
  };
};

export type GrantEvents = ReturnType<typeof createGrantEvents>;

export const createGrantEventVerbs = (
  { commits, read }: Connection,
  grantEvents: GrantEvents,
): GrantEventStore => ({
  listGrantEvents: (page) => read(() => grantEvents.list(page)),
  dropGrantEvents: (page) => commits.run(() => grantEvents.drop(page)),
});

/** A grant event from `GRANT_EVENT_COLUMNS`. */
export const toGrantEvent = (row: Row): GrantEvent => ({
  id: String(row['id']),
  sequence: Number(row['sequence']),
  atMs: Number(row['at_ms']),
  kind: GRANT_EVENT_KINDS.find((kind) => kind === row['kind']) ?? damaged('grant_events.kind'),
  grantId: toGrantId(row['grant_id']),
  clientId: String(row['client_id']),
  subject: String(row['subject']),
  requestId: row['request_id'] === null ? undefined : String(row['request_id']),
  cause: row['cause'] === null ? undefined : String(row['cause']),
  vins: toTexts(row['vins'], 'grant_events.vins'),
});

import { randomUUID } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import type { Fact } from '../../grants/fact.ts';
import { FACT_KINDS } from '../../grants/fact.ts';
import type { Store } from '../../grants/store.ts';
import type { Connection } from './store.ts';
import type { Outbox } from './outbox.ts';
import { damaged, GRANT_ID_TEXT, toGrantId, toTexts } from './rows.ts';
import type { Row } from './rows.ts';

/** A fact about to be kept. */
export type NewFact = Omit<Fact, 'id' | 'sequence'>;

/** The columns that `toFact` reads, of the table `facts`. */
export const FACT_COLUMNS = `sequence, facts.id AS id, at_ms, kind, ${GRANT_ID_TEXT('grant_id')} AS grant_id, facts.client_id AS client_id,
  subject, request_id, cause, vins`;

const prepareStatements = (database: DatabaseSync) => {
  const select = (where: string) =>
    database.prepare(
      `SELECT ${FACT_COLUMNS} FROM facts WHERE sequence > ? AND ${where} ORDER BY sequence LIMIT ?`,
    );
  return {
    insert: database.prepare(
      `INSERT INTO facts (id, at_ms, kind, grant_id, client_id, subject, request_id, cause, vins)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ),
    read: database.prepare(`SELECT ${FACT_COLUMNS} FROM facts WHERE sequence = ?`),
    oldest: database.prepare('SELECT sequence, at_ms FROM facts ORDER BY sequence LIMIT ?'),
    remove: database.prepare('DELETE FROM facts WHERE sequence = ?'),
    list: select('true'),
    listOfGrant: select('facts.grant_id = ?'),
    listOfClient: select('client_id = ?'),
  };
};

/** What happened to grants, kept in the very transactions in which it happened. */
export const createFacts = (database: DatabaseSync, outbox: Outbox) => {
  const sql = prepareStatements(database);
  return {
    /** Inside the running transaction, as are the deliveries of the fact. */
    add(fact: NewFact): void {
      const { atMs, kind, grantId, clientId, subject, requestId = null, cause = null, vins } = fact;
      const what = [kind, grantId, clientId, subject, requestId, cause, JSON.stringify(vins)];
      const { lastInsertRowid } = sql.insert.run(randomUUID(), atMs, ...what);
      outbox.add(Number(lastInsertRowid), fact);
    },
    read(sequence: number): Fact | undefined {
      const row = sql.read.get(sequence);
      return row === undefined ? undefined : toFact(row);
    },
    /** Inside the running transaction. */
    drop({ beforeMs, limit }: Parameters<Store['dropFacts']>[0]): number {
      const old = sql.oldest
        .all(limit)
        .filter((row) => Number(row['at_ms']) < beforeMs)
        .map((row) => Number(row['sequence']))
        .filter((sequence) => !outbox.isWaitedFor(sequence));
      for (const sequence of old) {
        outbox.drop(sequence);
        sql.remove.run(sequence);
      }
      return old.length;
    },
    list: ({ after, limit, grantId, clientId }: Parameters<Store['listFacts']>[0]): readonly Fact[] => {
      // A grant is one client's for ever, so that a grant's facts are that client's or nobody's.
      if (grantId !== undefined) {
        const facts = sql.listOfGrant.all(after, grantId, limit).map(toFact);
        return facts.filter((fact) => clientId === undefined || fact.clientId === clientId);
      }
      const rows =
        clientId === undefined ? sql.list.all(after, limit) : sql.listOfClient.all(after, clientId, limit);
      return rows.map(toFact);
    },
  };
};

export type Facts = ReturnType<typeof createFacts>;

export const createFactVerbs = (
  { commits, read }: Connection,
  facts: Facts,
): Pick<Store, 'listFacts' | 'dropFacts'> => ({
  listFacts: (page) => read(() => facts.list(page)),
  dropFacts: (page) => commits.run(() => facts.drop(page)),
});

/** A fact from `FACT_COLUMNS`. */
export const toFact = (row: Row): Fact => ({
  id: String(row['id']),
  sequence: Number(row['sequence']),
  atMs: Number(row['at_ms']),
  kind: FACT_KINDS.find((kind) => kind === row['kind']) ?? damaged('facts.kind'),
  grantId: toGrantId(row['grant_id']),
  clientId: String(row['client_id']),
  subject: String(row['subject']),
  requestId: row['request_id'] === null ? undefined : String(row['request_id']),
  cause: row['cause'] === null ? undefined : String(row['cause']),
  vins: toTexts(row['vins'], 'facts.vins'),
});

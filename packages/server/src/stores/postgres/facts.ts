import { randomInt, randomUUID } from 'node:crypto';
import type { Fact } from '../../grants/fact.ts';
import { FACT_KINDS } from '../../grants/fact.ts';
import type { Store } from '../../grants/store.ts';
import type { Connections } from './pool.ts';
import { damaged, toText, toTexts } from './rows.ts';
import type { Row, Transaction } from './transaction.ts';

/** A fact about to be kept. */
export type NewFact = Omit<Fact, 'id' | 'sequence'>;

/** A sequence is a moment of the database's clock, in milliseconds, and a number among the facts of that millisecond. */
const PLACES = 4096;
/** Facts of one transaction follow each other from a random place, which leaves room for as many. */
const FACTS_AT_ONCE_MAX = 64;
/** 2025-01-01, so that a sequence is a safe integer until 2094. */
const FIRST_MS = 1_735_689_600_000;

const INSERT = `INSERT INTO facts
    (sequence, id, at_ms, kind, grant_id, client_id, subject, request_id, cause, vins)
  SELECT (floor(extract(epoch FROM statement_timestamp()) * 1000)::bigint - ${FIRST_MS}) * ${PLACES} + $1,
    $2, $3, $4, $5, $6, $7, $8, $9, $10`;

const COLUMNS = 'sequence, id, at_ms, kind, grant_id, client_id, subject, request_id, cause, vins';

/**
 * Keeps facts in the very transaction in which they happened. Two that take the same place, one time in thousands of
 * those that happen in the same millisecond, undo one transaction, which is tried again.
 */
export const addFacts = ({ write }: Pick<Transaction, 'write'>, facts: readonly NewFact[]): void => {
  const first = randomInt(PLACES - FACTS_AT_ONCE_MAX);
  for (const [index, fact] of facts.entries()) {
    const { atMs, kind, grantId, clientId, subject, requestId = null, cause = null, vins } = fact;
    const who = [kind, grantId, clientId, subject, requestId, cause, JSON.stringify(vins)];
    write(INSERT, [first + index, randomUUID(), atMs, ...who]);
  }
};

export const createFactVerbs = ({ read }: Connections): Pick<Store, 'listFacts'> => ({
  async listFacts({ after, limit, grantId, clientId }) {
    const rows = await read(
      `SELECT ${COLUMNS} FROM facts WHERE sequence > $1 ${grantId === undefined ? '' : 'AND grant_id = $3'}
        ${clientId === undefined ? '' : `AND client_id = $${grantId === undefined ? 3 : 4}`}
      ORDER BY sequence LIMIT $2`,
      [after, limit, ...[grantId, clientId].filter((one) => one !== undefined)],
    );
    return rows.map(toFact);
  },
});

const toFact = (row: Row): Fact => ({
  id: String(row['id']),
  sequence: Number(row['sequence']),
  atMs: Number(row['at_ms']),
  kind: FACT_KINDS.find((kind) => kind === row['kind']) ?? damaged('facts.kind'),
  grantId: BigInt(String(row['grant_id'])),
  clientId: String(row['client_id']),
  subject: String(row['subject']),
  requestId: toText(row['request_id']),
  cause: toText(row['cause']),
  vins: toTexts(row['vins'], 'facts.vins'),
});

import { randomInt, randomUUID } from 'node:crypto';
import type { Fact } from '../../grants/fact.ts';
import { FACT_KINDS } from '../../grants/fact.ts';
import type { Store } from '../../grants/store.ts';
import type { Connections } from './pool.ts';
import { damaged, toText, toTexts } from './rows.ts';
import type { Row, Transaction } from './transaction.ts';

/** A fact about to be kept. */
export type NewFact = Omit<Fact, 'id' | 'sequence'>;

/**
 * A sequence is a moment of the database's clock, in microseconds, and one of so many places in it, by chance. What
 * follows a commit comes later than that, so it counts up in the order of what led to what.
 */
const PLACES = 8;
/** 2025-01-01, so that a sequence is a safe integer until 2060. */
const FIRST_SECONDS = 1_735_689_600;

const INSERT = `INSERT INTO facts
    (sequence, id, at_ms, kind, grant_id, client_id, subject, request_id, cause, vins)
  SELECT floor((extract(epoch FROM clock_timestamp()) - ${FIRST_SECONDS}) * 1000000)::bigint * ${PLACES} + $1,
    $2, $3, $4, $5, $6, $7, $8, $9, $10`;

const COLUMNS = 'sequence, id, at_ms, kind, grant_id, client_id, subject, request_id, cause, vins';

/**
 * Keeps facts in the very transaction in which they happened. Two nodes that take the same place, which takes the same
 * microsecond, undo one of their transactions, which is done again.
 */
export const addFacts = ({ write }: Pick<Transaction, 'write'>, facts: readonly NewFact[]): void => {
  for (const { atMs, kind, grantId, clientId, subject, requestId = null, cause = null, vins } of facts) {
    const who = [kind, grantId, clientId, subject, requestId, cause, JSON.stringify(vins)];
    write(INSERT, [randomInt(PLACES), randomUUID(), atMs, ...who]);
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

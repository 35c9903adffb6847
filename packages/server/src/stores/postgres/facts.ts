import { randomInt, randomUUID } from 'node:crypto';
import type { Fact } from '../../grants/fact.ts';
import { FACT_KINDS } from '../../grants/fact.ts';
import type { Store } from '../../grants/store.ts';
import { isWanted } from '../../grants/webhook.ts';
import type { Connections } from './pool.ts';
import { damaged, toText, toTexts } from './rows.ts';
import type { Row, Transaction } from './transaction.ts';
import { listWebhooks } from './webhooks.ts';

/** A fact about to be kept. */
export type NewFact = Omit<Fact, 'id' | 'sequence'>;

/**
 * A sequence is a moment of the database's clock, in microseconds, and one of so many places in it, by chance. What
 * follows a commit comes later than that, so it counts up in the order of what led to what.
 */
const PLACES = 8;
/** 2025-01-01, so that a sequence is a safe integer until 2060. */
const FIRST_SECONDS = 1_735_689_600;

/** The fact, and a delivery of it to every webhook that is to be told and still there. */
const INSERT = `WITH fact AS (
    INSERT INTO facts (sequence, id, at_ms, kind, grant_id, client_id, subject, request_id, cause, vins)
    SELECT floor((extract(epoch FROM clock_timestamp()) - ${FIRST_SECONDS}) * 1000000)::bigint * ${PLACES} + $1,
      $2::text, $3::bigint, $4::text, $5::bigint, $6::text, $7::text, $8::text, $9::text, $10::text
    RETURNING sequence, at_ms
  ), told AS (SELECT id FROM webhooks WHERE id = ANY($11::text[]) FOR KEY SHARE)
  INSERT INTO deliveries (webhook_id, fact, next_at_ms)
    SELECT told.id, fact.sequence, fact.at_ms FROM told CROSS JOIN fact`;

/** The columns of a fact, of the table `facts AS f`. */
export const FACT_COLUMNS =
  'f.sequence, f.id, f.at_ms, f.kind, f.grant_id, f.client_id, f.subject, f.request_id, f.cause, f.vins';

/** What is old, but for what somebody still waits to be told of. */
const DROP = `WITH oldest AS (SELECT sequence, at_ms FROM facts ORDER BY sequence LIMIT $2),
  old AS (
    SELECT sequence FROM oldest WHERE at_ms < $1 AND NOT EXISTS (
      SELECT 1 FROM deliveries AS d JOIN webhooks AS w ON w.id = d.webhook_id AND w.disabled_at IS NULL
      WHERE d.fact = oldest.sequence AND d.next_at_ms IS NOT NULL)
  ),
  undelivered AS (DELETE FROM deliveries WHERE fact IN (SELECT sequence FROM old)),
  dropped AS (DELETE FROM facts WHERE sequence IN (SELECT sequence FROM old) RETURNING sequence)
  SELECT count(*) AS facts FROM dropped`;

/**
 * Keeps facts in the very transaction in which they happened. Two nodes that take the same place, which takes the same
 * microsecond, undo one of their transactions, which is done again.
 */
export const addFacts = async (transaction: Transaction, facts: readonly NewFact[]): Promise<void> => {
  if (facts.length === 0) return;
  const webhooks = await listWebhooks(transaction.ask);
  for (const fact of facts) {
    const { atMs, kind, grantId, clientId, subject, requestId = null, cause = null, vins } = fact;
    const who = [kind, grantId, clientId, subject, requestId, cause, JSON.stringify(vins)];
    const told = webhooks.filter((webhook) => isWanted(webhook, fact)).map(({ id }) => id);
    transaction.write(INSERT, [randomInt(PLACES), randomUUID(), atMs, ...who, told]);
    if (told.length > 0) transaction.noteDeliveries();
  }
};

export const createFactVerbs = ({ read, write }: Connections): Pick<Store, 'listFacts' | 'dropFacts'> => ({
  async dropFacts({ beforeMs, limit }) {
    const [row] = await write(DROP, [beforeMs, limit]);
    return Number(row?.['facts']);
  },
  async listFacts({ after, limit, grantId, clientId }) {
    const rows = await read(
      `SELECT ${FACT_COLUMNS} FROM facts AS f WHERE f.sequence > $1 ${grantId === undefined ? '' : 'AND grant_id = $3'}
        ${clientId === undefined ? '' : `AND client_id = $${grantId === undefined ? 3 : 4}`}
      ORDER BY sequence LIMIT $2`,
      [after, limit, ...[grantId, clientId].filter((one) => one !== undefined)],
    );
    return rows.map(toFact);
  },
});

/** A fact from the values of `FACT_COLUMNS`. */
export const toFact = (row: Row): Fact => ({
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

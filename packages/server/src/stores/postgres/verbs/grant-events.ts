import { randomInt, randomUUID } from 'node:crypto';
import { GRANT_EVENT_KINDS } from '../../../outbox/grant-event.ts';
import type { GrantEvent, NewGrantEvent } from '../../../outbox/grant-event.ts';
import type { GrantEventStore } from '../../../outbox/grant-event-store.ts';
import { isWanted } from '../../../outbox/webhook.ts';
import type { Webhook } from '../../../outbox/webhook.ts';
import type { Connections } from '../connection/pool.ts';
import { conditionsOf } from './conditions.ts';
import { damaged, toText, toTexts } from './rows.ts';
import type { Row, Transaction } from '../connection/transaction.ts';
import { listWebhooks } from './webhooks.ts';
import { CLOCK_SECONDS, LOCK_AGAINST_REMOVAL } from '../connection/engine.ts';

/**
 * A sequence is a microsecond of the database's clock, and a random one of this many places in it. What follows a commit
 * happens later, so sequences keep the order of cause and effect. While the clock is behind the newest sequence, because it
 * was set back, each takes the microsecond after the newest one: a reader goes on from the sequence that it read last.
 */
const PLACES = 8;
/** 2025-01-01, so that a sequence is a safe integer until 2060. */
const FIRST_SECONDS = 1_735_689_600;

/**
 * Grant events, and a delivery of each to every webhook that wants it and is still there. The first gets the place $1 of the
 * present moment, and the others the places that follow.
 */
const INSERT = `WITH added AS (
    SELECT * FROM unnest($2::text[], $3::bigint[], $4::text[], $5::bigint[], $6::text[], $7::text[], $8::text[], $9::text[],
      $10::text[]) WITH ORDINALITY
      AS a (id, at_ms, kind, grant_id, client_id, subject, request_id, cause, vins, position)
  ), first AS (
    SELECT greatest(
      floor((${CLOCK_SECONDS} - ${FIRST_SECONDS}) * 1000000)::bigint,
      (SELECT floor(coalesce(max(sequence), 0) / ${PLACES}.0)::bigint + 1 FROM grant_events)
    ) * ${PLACES} + $1 AS sequence
  ), stored AS (
    INSERT INTO grant_events (sequence, id, at_ms, kind, grant_id, client_id, subject, request_id, cause, vins)
    SELECT first.sequence + position - 1, id, at_ms, kind, grant_id, client_id, subject, request_id, cause, vins
    FROM added CROSS JOIN first RETURNING sequence, id, at_ms
  ), named AS (
    INSERT INTO grant_event_vins (vin, sequence) SELECT DISTINCT about.vin, stored.sequence
    FROM unnest($13::text[], $14::text[]) AS about (event_id, vin) JOIN stored ON stored.id = about.event_id
  ), receivers AS (SELECT id FROM webhooks WHERE id = ANY($12::text[]) ${LOCK_AGAINST_REMOVAL})
  INSERT INTO deliveries (webhook_id, grant_event, next_at_ms)
    SELECT receivers.id, stored.sequence, stored.at_ms
    FROM unnest($11::text[], $12::text[]) AS wanted (event_id, webhook_id)
    JOIN receivers ON receivers.id = wanted.webhook_id JOIN stored ON stored.id = wanted.event_id`;

/** The columns of a grant event, of the table `grant_events AS e`. */
export const GRANT_EVENT_COLUMNS =
  'e.sequence, e.id, e.at_ms, e.kind, e.grant_id, e.client_id, e.subject, e.request_id, e.cause, e.vins';

/** Drops old grant events, except those with a delivery that is still due. */
const DROP = `WITH oldest AS (SELECT sequence, at_ms FROM grant_events ORDER BY sequence LIMIT $2),
  old AS (
    SELECT sequence FROM oldest WHERE at_ms < $1 AND NOT EXISTS (
      SELECT 1 FROM deliveries AS d JOIN webhooks AS w ON w.id = d.webhook_id AND w.disabled_at_ms IS NULL
      WHERE d.grant_event = oldest.sequence AND d.next_at_ms IS NOT NULL)
  ),
  unnamed AS (DELETE FROM grant_event_vins WHERE sequence IN (SELECT sequence FROM old)),
  unattempted AS (DELETE FROM delivery_attempts WHERE grant_event IN (SELECT sequence FROM old)),
  undelivered AS (DELETE FROM deliveries WHERE grant_event IN (SELECT sequence FROM old)),
  dropped AS (DELETE FROM grant_events WHERE sequence IN (SELECT sequence FROM old) RETURNING sequence)
  SELECT count(*) AS grant_events FROM dropped`;

/**
 * Stores grant events in the transaction that caused them. If two nodes take the same place of the same microsecond, one
 * transaction is undone and repeated.
 */
export const addGrantEvents = async (
  transaction: Transaction,
  grantEvents: readonly NewGrantEvent[],
): Promise<void> => {
  if (grantEvents.length > 0)
    writeGrantEvents(transaction, grantEvents, await listWebhooks(transaction.query));
};

/** The same where the webhooks were read in this transaction already. */
export const writeGrantEvents = (
  transaction: Transaction,
  grantEvents: readonly NewGrantEvent[],
  webhooks: readonly Webhook[],
): void => {
  const added = grantEvents.map((grantEvent) => ({ ...grantEvent, id: randomUUID() }));
  const deliveries = added.flatMap((grantEvent) =>
    webhooks
      .filter((webhook) => isWanted(webhook, grantEvent))
      .map((webhook) => ({ eventId: grantEvent.id, webhookId: webhook.id })),
  );
  const about = added.flatMap(({ id, vins }) => vins.map((vin) => ({ eventId: id, vin })));
  transaction.write(INSERT, [
    randomInt(PLACES),
    added.map(({ id }) => id),
    added.map(({ atMs }) => atMs),
    added.map(({ kind }) => kind),
    added.map(({ grantId }) => grantId),
    added.map(({ clientId }) => clientId),
    added.map(({ subject }) => subject),
    added.map(({ requestId = null }) => requestId),
    added.map(({ cause = null }) => cause),
    added.map(({ vins }) => JSON.stringify(vins)),
    deliveries.map(({ eventId }) => eventId),
    deliveries.map(({ webhookId }) => webhookId),
    about.map(({ eventId }) => eventId),
    about.map(({ vin }) => vin),
  ]);
  if (deliveries.length > 0) transaction.noteDeliveries();
};

/** As an array, so that a plan begins with the few events of the vehicle. */
const OF_VEHICLE = (value: string): string =>
  `e.sequence = ANY(ARRAY(SELECT v.sequence FROM grant_event_vins AS v WHERE v.vin = ${value}))`;

/** Compares a text whose index holds only its first characters. */
const BY_START =
  (column: string) =>
  (value: string): string =>
    `left(${column}, 64) = left(${value}::text, 64) AND ${column} = ${value}`;

export const createGrantEventVerbs = ({ read, write }: Connections): GrantEventStore => ({
  async dropGrantEvents({ beforeMs, limit }) {
    const [row] = await write(DROP, [beforeMs, limit]);
    return Number(row?.['grant_events']);
  },
  async listGrantEvents({ after, limit, first, grantId, clientId, subject, requestId, kind, vin, sinceMs }) {
    const isNewest = first === 'newest';
    const conditions = conditionsOf(
      [after ?? (isNewest ? Number.MAX_SAFE_INTEGER : 0), limit],
      [
        [BY_START('e.request_id'), requestId],
        [(value) => `e.grant_id = ${value}`, grantId],
        [BY_START('e.subject'), subject],
        [(value) => `e.client_id = ${value}`, clientId],
        [(value) => `e.kind = ${value}`, kind],
        [OF_VEHICLE, vin],
        [(value) => `e.at_ms >= ${value}`, sinceMs],
      ],
    );
    if (conditions === undefined) return [];
    const rows = await read(
      `SELECT ${GRANT_EVENT_COLUMNS} FROM grant_events AS e WHERE e.sequence ${isNewest ? '<' : '>'} $1 ${conditions.sql}
        ORDER BY e.sequence ${isNewest ? 'DESC' : ''} LIMIT $2`,
      conditions.values,
    );
    return rows.map(toGrantEvent);
  },
});

/** A grant event from the values of `GRANT_EVENT_COLUMNS`. */
export const toGrantEvent = (row: Row): GrantEvent => ({
  id: String(row['id']),
  sequence: Number(row['sequence']),
  atMs: Number(row['at_ms']),
  kind: GRANT_EVENT_KINDS.find((kind) => kind === row['kind']) ?? damaged('grant_events.kind'),
  grantId: BigInt(String(row['grant_id'])),
  clientId: String(row['client_id']),
  subject: String(row['subject']),
  requestId: toText(row['request_id']),
  cause: toText(row['cause']),
  vins: toTexts(row['vins'], 'grant_events.vins'),
});

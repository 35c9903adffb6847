import type { Millis } from '../../../clock.ts';
import {
  ATTEMPTS_KEPT,
  chooseTurns,
  describeAttempt,
  DISABLED_ERROR,
  outcomeOf,
  roomFor,
  stateOf,
} from '../../../outbox/delivery.ts';
import type { Claim, ClaimedDelivery, Delivery, DeliveryAttempt } from '../../../outbox/delivery.ts';
import type { Webhook } from '../../../outbox/webhook.ts';
import type { WebhookStore } from '../../../outbox/webhook-store.ts';
import { GRANT_EVENT_COLUMNS, toGrantEvent } from './grant-events.ts';
import type { Connections } from '../connection/pool.ts';
import { damaged, toNumber, toText } from './rows.ts';
import type { Query, Row, Transaction } from '../connection/transaction.ts';
import { listWebhooks } from './webhooks.ts';
import { SKIP_LOCKED } from '../connection/engine.ts';

type DeliveryVerbs = Pick<
  WebhookStore,
  | 'claimDeliveries'
  | 'settleDelivery'
  | 'hastenDeliveries'
  | 'listDeliveries'
  | 'listAttempts'
  | 'countDeliveriesWaiting'
  | 'retryDeliveries'
>;

const DUE = `SELECT grant_event, attempts, next_at_ms FROM deliveries
  WHERE webhook_id = $1 AND next_at_ms <= $2 ORDER BY next_at_ms, grant_event LIMIT $3`;
const LEASE = `UPDATE deliveries SET next_at_ms = $1, attempts = attempts + 1
  WHERE webhook_id = $2 AND grant_event = ANY($3::bigint[])`;
const DELIVER = `UPDATE deliveries SET next_at_ms = NULL, delivered_at_ms = $3, last_status = $4, last_error = NULL
  WHERE webhook_id = $1 AND grant_event = $2 AND delivered_at_ms IS NULL RETURNING grant_event`;
const FAIL = `UPDATE deliveries SET next_at_ms = $4, last_status = $5, last_error = $6
  WHERE webhook_id = $1 AND grant_event = $2 AND attempts = $3 AND next_at_ms IS NOT NULL RETURNING grant_event`;
const HASTEN = `UPDATE deliveries SET next_at_ms = $1
  WHERE next_at_ms > $1 + ($2::bigint[])[least(attempts + 1, cardinality($2::bigint[]))]`;
const COUNT_WAITING = 'SELECT count(*) AS waiting FROM deliveries WHERE next_at_ms IS NOT NULL';
const RETRY = `WITH due AS (
    UPDATE deliveries SET next_at_ms = $2 WHERE webhook_id = $1 AND delivered_at_ms IS NULL RETURNING grant_event
  ) SELECT count(*) AS deliveries FROM due`;
/** The state as `stateOf` derives it. */
const STATE = `CASE WHEN d.delivered_at_ms IS NOT NULL THEN 'delivered' WHEN d.next_at_ms IS NULL THEN 'given_up'
  WHEN d.last_error IS NOT NULL THEN 'retrying' ELSE 'pending' END`;
const LIST = `SELECT * FROM (
    SELECT ${GRANT_EVENT_COLUMNS}, d.webhook_id, d.attempts, d.next_at_ms, d.delivered_at_ms, d.last_status, d.last_error,
      ${STATE} AS state
    FROM deliveries AS d JOIN grant_events AS e ON e.sequence = d.grant_event
    WHERE ($3::text IS NULL OR d.webhook_id = $3) AND (d.grant_event < $4 OR (d.grant_event = $4 AND d.webhook_id > $5))
  ) AS listed WHERE state = ANY($1::text[]) ORDER BY sequence DESC, webhook_id LIMIT $2`;

const NOTE = `INSERT INTO delivery_attempts (webhook_id, grant_event, attempt, at_ms, took_ms, status, error)
  SELECT webhook_id, grant_event, $3::integer, $4::bigint, $5::bigint, $6::integer, $7::text FROM deliveries
  WHERE webhook_id = $1 AND grant_event = $2 ON CONFLICT (webhook_id, grant_event, attempt) DO NOTHING`;
const DROP_ATTEMPTS =
  'DELETE FROM delivery_attempts WHERE webhook_id = $1 AND grant_event = $2 AND attempt <= $3';
const LIST_ATTEMPTS =
  'SELECT * FROM delivery_attempts WHERE webhook_id = $1 AND grant_event = $2 ORDER BY attempt';

/** The deliveries of grant events to webhooks. */
export const createDeliveryVerbs = ({ read, write, transact }: Connections): DeliveryVerbs => ({
  async claimDeliveries(claim) {
    // A read comes first: mostly nothing is due.
    if ((await turnsOf(read, claim, DUE)).length === 0) return [];
    return transact((transaction) => claimLocked(transaction, claim));
  },
  settleDelivery: ({ webhookId, sequence, attempts }, settlement, attempt) =>
    transact(async (transaction) => {
      const { nextAtMs = null, deliveredAtMs, lastStatus = null, lastError } = outcomeOf(settlement);
      const rows =
        settlement.kind === 'delivered'
          ? await transaction.query(DELIVER, [webhookId, sequence, deliveredAtMs, lastStatus])
          : await transaction.query(FAIL, [webhookId, sequence, attempts, nextAtMs, lastStatus, lastError]);
      if (settlement.kind === 'gone') endWebhook(transaction, webhookId, settlement.nowMs);
      if (attempt !== undefined) {
        const { status = null, error = null } = describeAttempt(settlement);
        const { atMs, tookMs } = attempt;
        transaction.write(NOTE, [webhookId, sequence, attempts, atMs, tookMs, status, error]);
        if (attempts > ATTEMPTS_KEPT)
          transaction.write(DROP_ATTEMPTS, [webhookId, sequence, attempts - ATTEMPTS_KEPT]);
      }
      return rows.length === 1 ? 'settled' : 'lost';
    }),
  hastenDeliveries: async ({ nowMs, longestWaitsMs }) => void (await write(HASTEN, [nowMs, longestWaitsMs])),
  async listDeliveries({ webhookId = null, states, after, limit }) {
    const { sequence = Number.MAX_SAFE_INTEGER, webhookId: afterWebhook = '' } = after ?? {};
    return (await read(LIST, [states, limit, webhookId, sequence, afterWebhook])).map(toDelivery);
  },
  listAttempts: async ({ webhookId, sequence }) =>
    (await read(LIST_ATTEMPTS, [webhookId, sequence])).map(toAttempt),
  async countDeliveriesWaiting() {
    const [row] = await read(COUNT_WAITING);
    return Number(row?.['waiting']);
  },
  async retryDeliveries(webhookId, nowMs) {
    const [row] = await write(RETRY, [webhookId, nowMs]);
    return Number(row?.['deliveries']);
  },
});

const turnsOf = async (query: Query, claim: Claim, due: string) => {
  const webhooks = (await listWebhooks(query)).filter(({ disabledAtMs }) => disabledAtMs === undefined);
  const dueOf = async (webhook: Webhook) => {
    const room = roomFor(webhook.id, claim);
    const rows = room > 0 ? await query(due, [webhook.id, claim.nowMs, room]) : [];
    return { webhook, deliveries: rows.map(toDue) };
  };
  return chooseTurns(await Promise.all(webhooks.map(dueOf)), claim);
};

/** Locked rows are skipped: a claim at the same moment gets the deliveries after them. */
const claimLocked = async (transaction: Transaction, claim: Claim): Promise<readonly ClaimedDelivery[]> => {
  const { query, write } = transaction;
  const turns = await turnsOf(query, claim, `${DUE} FOR UPDATE ${SKIP_LOCKED}`);
  const rows = await query(
    `SELECT ${GRANT_EVENT_COLUMNS} FROM grant_events AS e WHERE e.sequence = ANY($1::bigint[])`,
    [turns.map(({ delivery }) => delivery.sequence)],
  );
  const grantEvents = new Map(rows.map(toGrantEvent).map((grantEvent) => [grantEvent.sequence, grantEvent]));
  for (const webhook of new Set(turns.map((turn) => turn.webhook))) {
    const own = turns.filter((turn) => turn.webhook === webhook);
    write(LEASE, [claim.nowMs + claim.leaseMs, webhook.id, own.map(({ delivery }) => delivery.sequence)]);
  }
  return turns.map(({ webhook, delivery: { sequence, attempts } }) => ({
    webhook,
    grantEvent: grantEvents.get(sequence) ?? damaged('deliveries.grant_event'),
    attempts: attempts + 1,
  }));
};

/** The receiver wants nothing more: the webhook is disabled, and its deliveries are over. */
const endWebhook = ({ write }: Transaction, id: string, nowMs: Millis): void => {
  write('UPDATE webhooks SET disabled_at_ms = $2 WHERE id = $1 AND disabled_at_ms IS NULL', [id, nowMs]);
  write(
    'UPDATE deliveries SET next_at_ms = NULL, last_error = $2 WHERE webhook_id = $1 AND next_at_ms IS NOT NULL',
    [id, DISABLED_ERROR],
  );
};

const toDue = (row: Row) => ({
  sequence: Number(row['grant_event']),
  attempts: Number(row['attempts']),
  nextAtMs: Number(row['next_at_ms']),
});

const toAttempt = (row: Row): DeliveryAttempt => ({
  attempt: Number(row['attempt']),
  atMs: Number(row['at_ms']),
  tookMs: Number(row['took_ms']),
  status: toNumber(row['status']),
  error: toText(row['error']),
});

const toDelivery = (row: Row): Delivery => {
  const outcome = {
    nextAtMs: toNumber(row['next_at_ms']),
    deliveredAtMs: toNumber(row['delivered_at_ms']),
    lastStatus: toNumber(row['last_status']),
    lastError: toText(row['last_error']),
  };
  return {
    webhookId: String(row['webhook_id']),
    grantEvent: toGrantEvent(row),
    attempts: Number(row['attempts']),
    state: stateOf(outcome),
    ...outcome,
  };
};

import { toSeconds } from '../../../clock.ts';
import { chooseTurns, DELIVERY_STATES, DISABLED_ERROR } from '../../../outbox/delivery.ts';
import type { Claim, ClaimedDelivery, Delivery } from '../../../outbox/delivery.ts';
import type { Store } from '../../../grants/store.ts';
import type { Webhook } from '../../../outbox/webhook.ts';
import { GRANT_EVENT_COLUMNS, toGrantEvent } from './grant-events.ts';
import type { Connections } from '../connection/pool.ts';
import { damaged, toNumber, toText } from './rows.ts';
import type { Query, Row, Transaction } from '../connection/transaction.ts';
import { listWebhooks } from './webhooks.ts';

type DeliveryVerbs = Pick<
  Store,
  'claimDeliveries' | 'settleDelivery' | 'listDeliveries' | 'countDeliveriesWaiting' | 'retryDeliveries'
>;

const DUE = `SELECT grant_event, attempts, next_at_ms FROM deliveries
  WHERE webhook_id = $1 AND next_at_ms <= $2 ORDER BY next_at_ms, grant_event LIMIT $3`;
const LEASE = `UPDATE deliveries SET next_at_ms = $1, attempts = attempts + 1
  WHERE webhook_id = $2 AND grant_event = ANY($3::bigint[])`;
const DELIVER = `UPDATE deliveries SET next_at_ms = NULL, delivered_at_ms = $3, last_status = $4, last_error = NULL
  WHERE webhook_id = $1 AND grant_event = $2 AND delivered_at_ms IS NULL RETURNING grant_event`;
const FAIL = `UPDATE deliveries SET next_at_ms = $4, last_status = $5, last_error = $6
  WHERE webhook_id = $1 AND grant_event = $2 AND attempts = $3 AND next_at_ms IS NOT NULL RETURNING grant_event`;
const COUNT_WAITING = 'SELECT count(*) AS waiting FROM deliveries WHERE next_at_ms IS NOT NULL';
const RETRY = `WITH due AS (
    UPDATE deliveries SET next_at_ms = $2 WHERE webhook_id = $1 AND delivered_at_ms IS NULL RETURNING grant_event
  ) SELECT count(*) AS deliveries FROM due`;
const STATE = `CASE WHEN d.delivered_at_ms IS NOT NULL THEN 'delivered' WHEN d.next_at_ms IS NULL THEN 'given_up'
  WHEN d.last_error IS NOT NULL THEN 'retrying' ELSE 'pending' END`;
const LIST = `SELECT * FROM (
    SELECT ${GRANT_EVENT_COLUMNS}, d.webhook_id, d.attempts, d.next_at_ms, d.delivered_at_ms, d.last_status, d.last_error,
      ${STATE} AS state
    FROM deliveries AS d JOIN grant_events AS f ON f.sequence = d.grant_event WHERE $3::text IS NULL OR d.webhook_id = $3
  ) AS listed WHERE state = ANY($1::text[]) ORDER BY sequence DESC, webhook_id LIMIT $2`;

/** Who is still to be told of what. */
export const createDeliveryVerbs = ({ read, write, transact }: Connections): DeliveryVerbs => ({
  async claimDeliveries(claim) {
    // Looked for by reading first: mostly nothing is due.
    if ((await turnsOf(read, claim, DUE)).length === 0) return [];
    return transact((transaction) => claimLocked(transaction, claim));
  },
  async settleDelivery(held, settlement) {
    const { webhookId, sequence, attempts } = held;
    if (settlement.kind === 'delivered') {
      const rows = await write(DELIVER, [webhookId, sequence, settlement.nowMs, settlement.status]);
      return rows.length === 1 ? 'settled' : 'lost';
    }
    const { status = null } = settlement;
    if (settlement.kind === 'failed') {
      const { error, nextAtMs = null } = settlement;
      const rows = await write(FAIL, [webhookId, sequence, attempts, nextAtMs, status, error]);
      return rows.length === 1 ? 'settled' : 'lost';
    }
    return transact(async (transaction) => {
      const rows = await transaction.query(FAIL, [
        webhookId,
        sequence,
        attempts,
        null,
        status,
        DISABLED_ERROR,
      ]);
      endWebhook(transaction, webhookId, toSeconds(settlement.nowMs));
      return rows.length === 1 ? 'settled' : 'lost';
    });
  },
  listDeliveries: async ({ webhookId = null, states, limit }) =>
    (await read(LIST, [states, limit, webhookId])).map(toDelivery),
  async countDeliveriesWaiting() {
    const [row] = await read(COUNT_WAITING);
    return Number(row?.['waiting']);
  },
  async retryDeliveries(webhookId, nowMs) {
    const [row] = await write(RETRY, [webhookId, nowMs]);
    return Number(row?.['deliveries']);
  },
});

const turnsOf = async (query: Query, { nowMs, ...claim }: Claim, due: string) => {
  const { limit, limitPerWebhook, inHand } = claim;
  const webhooks = (await listWebhooks(query)).filter(({ disabledAt }) => disabledAt === undefined);
  const dueOf = async (webhook: Webhook) => {
    const room = Math.min(limit, limitPerWebhook - (inHand.get(webhook.id) ?? 0));
    const rows = room > 0 ? await query(due, [webhook.id, nowMs, room]) : [];
    return { webhook, deliveries: rows.map(toDue) };
  };
  return chooseTurns(await Promise.all(webhooks.map(dueOf)), claim);
};

/** Whoever claims at the same moment passes over what is held here, and gets what follows it. */
const claimLocked = async (transaction: Transaction, claim: Claim): Promise<readonly ClaimedDelivery[]> => {
  const { query, write } = transaction;
  const turns = await turnsOf(query, claim, `${DUE} FOR UPDATE SKIP LOCKED`);
  const rows = await query(
    `SELECT ${GRANT_EVENT_COLUMNS} FROM grant_events AS f WHERE f.sequence = ANY($1::bigint[])`,
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

/** The receiver wants no more: the webhook is disabled, and all that waits for it is over. */
const endWebhook = ({ write }: Transaction, id: string, at: number): void => {
  write('UPDATE webhooks SET disabled_at = $2 WHERE id = $1 AND disabled_at IS NULL', [id, at]);
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

const toDelivery = (row: Row): Delivery => ({
  webhookId: String(row['webhook_id']),
  grantEvent: toGrantEvent(row),
  state: DELIVERY_STATES.find((state) => state === row['state']) ?? damaged('deliveries'),
  attempts: Number(row['attempts']),
  nextAtMs: toNumber(row['next_at_ms']),
  deliveredAtMs: toNumber(row['delivered_at_ms']),
  lastStatus: toNumber(row['last_status']),
  lastError: toText(row['last_error']),
});

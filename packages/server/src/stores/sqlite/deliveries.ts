import type { DatabaseSync } from 'node:sqlite';
import {
  ATTEMPTS_KEPT,
  chooseTurns,
  describeAttempt,
  DISABLED_ERROR,
  outcomeOf,
  roomFor,
  stateOf,
} from '../../outbox/delivery.ts';
import type { Claim, ClaimedDelivery, Delivery, DeliveryAttempt } from '../../outbox/delivery.ts';
import type { WebhookStore } from '../../outbox/webhook-store.ts';
import { GRANT_EVENT_COLUMNS, toGrantEvent } from './grant-events.ts';
import type { GrantEvents } from './grant-events.ts';
import { damaged, toOptionalNumber, toOptionalText } from './rows.ts';
import type { Row } from './rows.ts';
import type { Connection } from './connection.ts';
import type { Webhooks } from './webhooks.ts';

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

/** As `stateOf` has it. */
const STATE = `CASE WHEN delivered_at_ms IS NOT NULL THEN 'delivered' WHEN next_at_ms IS NULL THEN 'given_up'
  WHEN last_error IS NOT NULL THEN 'retrying' ELSE 'pending' END`;

const prepareStatements = (database: DatabaseSync) => {
  const list = (where: string) =>
    database.prepare(
      `SELECT ${GRANT_EVENT_COLUMNS}, webhook_id, attempts, next_at_ms, delivered_at_ms, last_status, last_error, ${STATE} AS state
      FROM deliveries JOIN grant_events ON grant_events.sequence = deliveries.grant_event
      WHERE ${where} AND (grant_event < ?1 OR (grant_event = ?1 AND webhook_id > ?2)) AND state IN (SELECT value FROM json_each(?3)) ORDER BY grant_event DESC, webhook_id LIMIT ?4`,
    );
  return {
    due: database.prepare(
      `SELECT grant_event, attempts, next_at_ms FROM deliveries
      WHERE webhook_id = ? AND next_at_ms <= ? ORDER BY next_at_ms, grant_event LIMIT ?`,
    ),
    lease: database.prepare(
      'UPDATE deliveries SET next_at_ms = ?, attempts = attempts + 1 WHERE webhook_id = ? AND grant_event = ?',
    ),
    deliver: database.prepare(
      `UPDATE deliveries SET next_at_ms = NULL, delivered_at_ms = ?, last_status = ?, last_error = NULL
      WHERE webhook_id = ? AND grant_event = ? AND delivered_at_ms IS NULL`,
    ),
    fail: database.prepare(
      `UPDATE deliveries SET next_at_ms = ?, last_status = ?, last_error = ?
      WHERE webhook_id = ? AND grant_event = ? AND attempts = ? AND next_at_ms IS NOT NULL`,
    ),
    endAll: database.prepare(
      'UPDATE deliveries SET next_at_ms = NULL, last_error = ? WHERE webhook_id = ? AND next_at_ms IS NOT NULL',
    ),
    hasten: database.prepare(
      `UPDATE deliveries SET next_at_ms = ?1
      WHERE next_at_ms > ?1 + (SELECT value FROM json_each(?2) WHERE key = min(attempts, json_array_length(?2) - 1))`,
    ),
    retry: database.prepare(
      'UPDATE deliveries SET next_at_ms = ? WHERE webhook_id = ? AND delivered_at_ms IS NULL',
    ),
    countWaiting: database.prepare('SELECT count(*) AS waiting FROM deliveries WHERE next_at_ms IS NOT NULL'),
    list: list('true'),
    listOf: list('webhook_id = ?5'),
    noteAttempt: database.prepare(
      `INSERT OR REPLACE INTO delivery_attempts (webhook_id, grant_event, attempt, at_ms, took_ms, status, error)
      SELECT webhook_id, grant_event, ?, ?, ?, ?, ? FROM deliveries WHERE webhook_id = ? AND grant_event = ?`,
    ),
    dropAttempts: database.prepare(
      'DELETE FROM delivery_attempts WHERE webhook_id = ? AND grant_event = ? AND attempt <= ?',
    ),
    listAttempts: database.prepare(
      'SELECT * FROM delivery_attempts WHERE webhook_id = ? AND grant_event = ? ORDER BY attempt',
    ),
  };
};

/** The deliveries of grant events to webhooks. */
export const createDeliveryVerbs = (
  { database, commits, read }: Connection,
  { webhooks, grantEvents }: { webhooks: Webhooks; grantEvents: GrantEvents },
): DeliveryVerbs => {
  const sql = prepareStatements(database);

  const turnsOf = (claim: Claim) => {
    const due = webhooks
      .list()
      .filter(({ disabledAtMs }) => disabledAtMs === undefined)
      .map((webhook) => {
        const room = roomFor(webhook.id, claim);
        const rows = room > 0 ? sql.due.all(webhook.id, claim.nowMs, room) : [];
        return { webhook, deliveries: rows.map(toDue) };
      });
    return chooseTurns(due, claim);
  };

  const claimInTransaction = (claim: Claim): readonly ClaimedDelivery[] =>
    turnsOf(claim).map(({ webhook, delivery: { sequence, attempts } }) => {
      const grantEvent = grantEvents.read(sequence) ?? damaged('deliveries.grant_event');
      sql.lease.run(claim.nowMs + claim.leaseMs, webhook.id, sequence);
      return { webhook, grantEvent, attempts: attempts + 1 };
    });

  const settle: (...settled: Parameters<WebhookStore['settleDelivery']>) => number | bigint = (
    { webhookId, sequence, attempts },
    settlement,
  ) => {
    const {
      nextAtMs = null,
      deliveredAtMs = null,
      lastStatus = null,
      lastError = null,
    } = outcomeOf(settlement);
    if (settlement.kind === 'delivered')
      return sql.deliver.run(deliveredAtMs, lastStatus, webhookId, sequence).changes;
    const { changes } = sql.fail.run(nextAtMs, lastStatus, lastError, webhookId, sequence, attempts);
    if (settlement.kind === 'gone') {
      webhooks.disable(webhookId, settlement.nowMs);
      sql.endAll.run(DISABLED_ERROR, webhookId);
    }
    return changes;
  };

  const note = (
    { webhookId, sequence, attempts }: Parameters<WebhookStore['settleDelivery']>[0],
    { atMs, tookMs, status, error }: Omit<DeliveryAttempt, 'attempt'>,
  ): void => {
    sql.noteAttempt.run(attempts, atMs, tookMs, status ?? null, error ?? null, webhookId, sequence);
    sql.dropAttempts.run(webhookId, sequence, attempts - ATTEMPTS_KEPT);
  };

  return {
    async claimDeliveries(claim) {
      // A read comes first: mostly nothing is due, and then no other writer has to wait.
      const isAnyDue = await read(() => turnsOf(claim).length > 0);
      return isAnyDue ? commits.run(() => claimInTransaction(claim)) : [];
    },
    settleDelivery: (held, settlement, attempt) =>
      commits.run(() => {
        if (attempt !== undefined) note(held, { ...attempt, ...describeAttempt(settlement) });
        return settle(held, settlement) === 0 ? 'lost' : 'settled';
      }),
    hastenDeliveries: ({ nowMs, longestWaitsMs }) =>
      commits.run(() => void sql.hasten.run(nowMs, JSON.stringify(longestWaitsMs))),
    listDeliveries: ({ webhookId, states, after, limit }) =>
      read(() => {
        const { sequence = Number.MAX_SAFE_INTEGER, webhookId: afterWebhook = '' } = after ?? {};
        const page = [sequence, afterWebhook, JSON.stringify(states), limit];
        const rows = webhookId === undefined ? sql.list.all(...page) : sql.listOf.all(...page, webhookId);
        return rows.map(toDelivery);
      }),
    listAttempts: ({ webhookId, sequence }) =>
      read(() => sql.listAttempts.all(webhookId, sequence).map(toAttempt)),
    countDeliveriesWaiting: () => read(() => Number(sql.countWaiting.get()?.['waiting'])),
    retryDeliveries: (webhookId, nowMs) => commits.run(() => Number(sql.retry.run(nowMs, webhookId).changes)),
  };
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
  status: toOptionalNumber(row['status']),
  error: toOptionalText(row['error']),
});

const toDelivery = (row: Row): Delivery => {
  const outcome = {
    nextAtMs: toOptionalNumber(row['next_at_ms']),
    deliveredAtMs: toOptionalNumber(row['delivered_at_ms']),
    lastStatus: toOptionalNumber(row['last_status']),
    lastError: toOptionalText(row['last_error']),
  };
  return {
    webhookId: String(row['webhook_id']),
    grantEvent: toGrantEvent(row),
    attempts: Number(row['attempts']),
    state: stateOf(outcome),
    ...outcome,
  };
};

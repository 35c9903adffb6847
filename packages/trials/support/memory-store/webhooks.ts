import type { GrantEventFilter, Store } from '@keyfob/server/stores';
import {
  ATTEMPTS_KEPT,
  changeWebhook,
  chooseTurns,
  describeAttempt,
  DISABLED_ERROR,
  isFull,
  isWanted,
  outcomeOf,
  roomFor,
  stateOf,
} from '@keyfob/server/webhooks';
import type { Claim, Delivery, GrantEvent, NewGrantEvent, Settlement } from '@keyfob/server/webhooks';
import type { RunVerb, OutboxTables } from './tables.ts';

const keyOf = (webhookId: string, sequence: number): string => `${webhookId} ${sequence}`;

/** Stores grant events and, in the same step, a delivery of each to every webhook that wants it. */
export const storeGrantEvents = (tables: OutboxTables, grantEvents: readonly NewGrantEvent[]): void => {
  for (const grantEvent of grantEvents) storeGrantEvent(tables, grantEvent);
};

const storeGrantEvent = (tables: OutboxTables, event: NewGrantEvent): void => {
  const sequence = ++tables.lastGrantEvent;
  const grantEvent = { ...event, id: `grantEvent-${sequence}`, sequence };
  tables.grantEvents.push(grantEvent);
  for (const webhook of tables.webhooks.values()) {
    if (!isWanted(webhook, grantEvent)) continue;
    tables.deliveries.set(keyOf(webhook.id, sequence), {
      webhookId: webhook.id,
      grantEvent,
      state: 'pending',
      attempts: 0,
      nextAtMs: grantEvent.atMs,
      deliveredAtMs: undefined,
      lastStatus: undefined,
      lastError: undefined,
    });
  }
};

const isListed = (
  event: GrantEvent,
  { grantId, clientId, subject, requestId, kind, vin, sinceMs = 0 }: GrantEventFilter,
): boolean =>
  (grantId === undefined || event.grantId === grantId) &&
  (clientId === undefined || event.clientId === clientId) &&
  (subject === undefined || event.subject === subject) &&
  (requestId === undefined || event.requestId === requestId) &&
  (kind === undefined || event.kind === kind) &&
  (vin === undefined || event.vins.includes(vin)) &&
  event.atMs >= sinceMs;

type OutboxVerbs = Pick<
  Store,
  | 'listGrantEvents'
  | 'dropGrantEvents'
  | 'createWebhook'
  | 'listWebhooks'
  | 'changeWebhook'
  | 'removeWebhook'
  | 'claimDeliveries'
  | 'settleDelivery'
  | 'hastenDeliveries'
  | 'listDeliveries'
  | 'listAttempts'
  | 'countDeliveriesWaiting'
  | 'retryDeliveries'
>;

export const outboxVerbs = (tables: OutboxTables, run: RunVerb): OutboxVerbs => ({
  ...grantEventVerbs(tables, run),
  ...webhookVerbs(tables, run),
  ...deliveryVerbs(tables, run),
});

const grantEventVerbs = (
  tables: OutboxTables,
  run: RunVerb,
): Pick<Store, 'listGrantEvents' | 'dropGrantEvents'> => ({
  listGrantEvents: ({ after, limit, first, ...filter }) =>
    run('listGrantEvents', () => {
      const isNewest = first === 'newest';
      const events = isNewest ? tables.grantEvents.toReversed() : tables.grantEvents;
      return events
        .filter(({ sequence }) => after === undefined || (isNewest ? sequence < after : sequence > after))
        .filter((grantEvent) => isListed(grantEvent, filter))
        .slice(0, limit);
    }),
  dropGrantEvents: ({ beforeMs, limit }) =>
    run('dropGrantEvents', () => {
      const deliveriesOf = ({ sequence }: GrantEvent): readonly [string, Delivery][] =>
        [...tables.deliveries].filter(([, { grantEvent }]) => grantEvent.sequence === sequence);
      const isOver = (grantEvent: GrantEvent): boolean =>
        deliveriesOf(grantEvent).every(([, { nextAtMs }]) => nextAtMs === undefined);
      const old = tables.grantEvents
        .slice(0, limit)
        .filter((grantEvent) => grantEvent.atMs < beforeMs && isOver(grantEvent));
      for (const [key] of old.flatMap(deliveriesOf)) {
        tables.deliveries.delete(key);
        tables.attempts.delete(key);
      }
      tables.grantEvents = tables.grantEvents.filter((grantEvent) => !old.includes(grantEvent));
      return old.length;
    }),
});

const webhookVerbs = (
  tables: OutboxTables,
  run: RunVerb,
): Pick<Store, 'createWebhook' | 'listWebhooks' | 'changeWebhook' | 'removeWebhook'> => ({
  createWebhook: (webhook) =>
    run('createWebhook', () => {
      if (isFull([...tables.webhooks.values()], webhook.clientId)) return 'too_many';
      if (tables.webhooks.has(webhook.id)) return 'id_taken';
      tables.webhooks.set(webhook.id, { ...webhook });
      return 'created';
    }),
  listWebhooks: () =>
    run('listWebhooks', () =>
      [...tables.webhooks.values()].sort((a, b) => a.createdAtMs - b.createdAtMs || (a.id < b.id ? -1 : 1)),
    ),
  changeWebhook: (id, change) =>
    run('changeWebhook', () => {
      const webhook = tables.webhooks.get(id);
      if (webhook === undefined) return 'unknown';
      tables.webhooks.set(id, changeWebhook(webhook, change));
      return 'changed';
    }),
  removeWebhook: (id) =>
    run('removeWebhook', () => {
      for (const [key, { webhookId }] of tables.deliveries)
        if (webhookId === id) {
          tables.deliveries.delete(key);
          tables.attempts.delete(key);
        }
      return tables.webhooks.delete(id) ? 'removed' : 'unknown';
    }),
});

const deliveryVerbs = (
  tables: OutboxTables,
  run: RunVerb,
): Pick<
  Store,
  | 'claimDeliveries'
  | 'settleDelivery'
  | 'hastenDeliveries'
  | 'listDeliveries'
  | 'listAttempts'
  | 'countDeliveriesWaiting'
  | 'retryDeliveries'
> => {
  const put = (delivery: Delivery): void =>
    void tables.deliveries.set(keyOf(delivery.webhookId, delivery.grantEvent.sequence), delivery);
  return {
    claimDeliveries: (claim) =>
      run('claimDeliveries', () =>
        chooseTurns(dueOf(tables, claim), claim).map(({ webhook, delivery }) => {
          const attempts = delivery.attempts + 1;
          put({ ...delivery, attempts, nextAtMs: claim.nowMs + claim.leaseMs });
          return { webhook, grantEvent: delivery.grantEvent, attempts };
        }),
      ),
    settleDelivery: ({ webhookId, sequence, attempts }, settlement, attempt) =>
      run('settleDelivery', () => {
        const before = tables.deliveries.get(keyOf(webhookId, sequence));
        if (attempt !== undefined && before !== undefined) {
          const noted = { attempt: attempts, ...attempt, ...describeAttempt(settlement) };
          const key = keyOf(webhookId, sequence);
          tables.attempts.set(key, [...(tables.attempts.get(key) ?? []), noted].slice(-ATTEMPTS_KEPT));
        }
        const webhook = tables.webhooks.get(webhookId);
        const settled = before === undefined ? undefined : settle(before, attempts, settlement);
        if (settled !== undefined) put(settled);
        if (settlement.kind === 'gone' && webhook !== undefined) {
          const disabledAtMs = webhook.disabledAtMs ?? settlement.nowMs;
          tables.webhooks.set(webhookId, { ...webhook, disabledAtMs });
          for (const one of tables.deliveries.values())
            if (one.webhookId === webhookId && one.nextAtMs !== undefined)
              put({ ...one, state: 'given_up', nextAtMs: undefined, lastError: DISABLED_ERROR });
        }
        return settled === undefined ? 'lost' : 'settled';
      }),
    hastenDeliveries: ({ nowMs, longestWaitsMs }) =>
      run('hastenDeliveries', () => {
        for (const one of tables.deliveries.values()) {
          const longestMs = longestWaitsMs[Math.min(one.attempts, longestWaitsMs.length - 1)] ?? 0;
          if (one.nextAtMs !== undefined && one.nextAtMs > nowMs + longestMs)
            put({ ...one, nextAtMs: nowMs });
        }
      }),
    listAttempts: ({ webhookId, sequence }) =>
      run('listAttempts', () => tables.attempts.get(keyOf(webhookId, sequence)) ?? []),
    listDeliveries: ({ webhookId, states, after, limit }) =>
      run('listDeliveries', () =>
        [...tables.deliveries.values()]
          .filter((one) => states.includes(one.state))
          .filter((one) => webhookId === undefined || one.webhookId === webhookId)
          .filter(
            ({ grantEvent: { sequence }, webhookId: id }) =>
              after === undefined ||
              sequence < after.sequence ||
              (sequence === after.sequence && id > after.webhookId),
          )
          .sort(
            (a, b) => b.grantEvent.sequence - a.grantEvent.sequence || (a.webhookId < b.webhookId ? -1 : 1),
          )
          .slice(0, limit),
      ),
    countDeliveriesWaiting: () =>
      run(
        'countDeliveriesWaiting',
        () => [...tables.deliveries.values()].filter(({ nextAtMs }) => nextAtMs !== undefined).length,
      ),
    retryDeliveries: (webhookId, nowMs) =>
      run('retryDeliveries', () => {
        const open = [...tables.deliveries.values()].filter(
          (one) => one.webhookId === webhookId && one.state !== 'delivered',
        );
        for (const one of open) put({ ...one, nextAtMs: nowMs, state: stateOf({ ...one, nextAtMs: nowMs }) });
        return open.length;
      }),
  };
};

const dueOf = (tables: OutboxTables, claim: Claim) =>
  [...tables.webhooks.values()]
    .filter(({ disabledAtMs }) => disabledAtMs === undefined)
    .map((webhook) => ({
      webhook,
      deliveries: [...tables.deliveries.values()]
        .filter((one) => one.webhookId === webhook.id)
        .flatMap((one) =>
          one.nextAtMs !== undefined && one.nextAtMs <= claim.nowMs
            ? [{ ...one, nextAtMs: one.nextAtMs }]
            : [],
        )
        .sort((a, b) => a.nextAtMs - b.nextAtMs || a.grantEvent.sequence - b.grantEvent.sequence)
        .slice(0, roomFor(webhook.id, claim)),
    }));

/** The delivery after an attempt; `undefined` if the sender had lost its lease. */
const settle = (before: Delivery, attempts: number, settlement: Settlement): Delivery | undefined => {
  if (before.state === 'delivered') return undefined;
  const isHeld = before.nextAtMs !== undefined && before.attempts === attempts;
  if (settlement.kind !== 'delivered' && !isHeld) return undefined;
  const outcome = outcomeOf(settlement);
  return { ...before, ...outcome, state: stateOf(outcome) };
};

import { chooseTurns, DISABLED_ERROR } from 'keyfob/grants/delivery';
import type { Claim, Delivery, Settlement } from 'keyfob/grants/delivery';
import type { Fact } from 'keyfob/grants/fact';
import type { Store } from 'keyfob/grants/store';
import { isWanted, WEBHOOKS_MAX } from 'keyfob/grants/webhook';
import type { Conduct, OutboxTables } from './memory-tables.ts';

const keyOf = (webhookId: string, sequence: number): string => `${webhookId} ${sequence}`;

/** Keeps a fact and, in the same step, a delivery for each webhook that wants it. */
export const keepFact = (tables: OutboxTables, told: Omit<Fact, 'id' | 'sequence'>): void => {
  const sequence = ++tables.lastFact;
  const fact = { ...told, id: `fact-${sequence}`, sequence };
  tables.facts.push(fact);
  for (const webhook of tables.webhooks.values()) {
    if (!isWanted(webhook, fact)) continue;
    tables.deliveries.set(keyOf(webhook.id, sequence), {
      webhookId: webhook.id,
      fact,
      state: 'pending',
      attempts: 0,
      nextAtMs: fact.atMs,
      deliveredAtMs: undefined,
      lastStatus: undefined,
      lastError: undefined,
    });
  }
};

type OutboxVerbs = Pick<
  Store,
  | 'listFacts'
  | 'dropFacts'
  | 'createWebhook'
  | 'listWebhooks'
  | 'removeWebhook'
  | 'claimDeliveries'
  | 'settleDelivery'
  | 'listDeliveries'
  | 'countDeliveriesWaiting'
  | 'retryDeliveries'
>;

export const outboxVerbs = (tables: OutboxTables, run: Conduct): OutboxVerbs => ({
  ...factVerbs(tables, run),
  ...webhookVerbs(tables, run),
  ...deliveryVerbs(tables, run),
});

const factVerbs = (tables: OutboxTables, run: Conduct): Pick<Store, 'listFacts' | 'dropFacts'> => ({
  listFacts: ({ after, limit, grantId, clientId }) =>
    run('listFacts', () =>
      tables.facts
        .filter((fact) => fact.sequence > after && (grantId === undefined || fact.grantId === grantId))
        .filter((fact) => clientId === undefined || fact.clientId === clientId)
        .slice(0, limit),
    ),
  dropFacts: ({ beforeMs, limit }) =>
    run('dropFacts', () => {
      const deliveriesOf = ({ sequence }: Fact): readonly [string, Delivery][] =>
        [...tables.deliveries].filter(([, { fact }]) => fact.sequence === sequence);
      const isOver = (fact: Fact): boolean =>
        deliveriesOf(fact).every(([, { nextAtMs }]) => nextAtMs === undefined);
      const old = tables.facts.slice(0, limit).filter((fact) => fact.atMs < beforeMs && isOver(fact));
      for (const [key] of old.flatMap(deliveriesOf)) tables.deliveries.delete(key);
      tables.facts = tables.facts.filter((fact) => !old.includes(fact));
      return old.length;
    }),
});

const webhookVerbs = (
  tables: OutboxTables,
  run: Conduct,
): Pick<Store, 'createWebhook' | 'listWebhooks' | 'removeWebhook'> => ({
  createWebhook: (webhook) =>
    run('createWebhook', () => {
      if (tables.webhooks.size >= WEBHOOKS_MAX) return 'too_many';
      if (tables.webhooks.has(webhook.id)) return 'id_taken';
      tables.webhooks.set(webhook.id, { ...webhook });
      return 'created';
    }),
  listWebhooks: () =>
    run('listWebhooks', () =>
      [...tables.webhooks.values()].sort((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1)),
    ),
  removeWebhook: (id) =>
    run('removeWebhook', () => {
      for (const [key, { webhookId }] of tables.deliveries)
        if (webhookId === id) tables.deliveries.delete(key);
      return tables.webhooks.delete(id) ? 'removed' : 'unknown';
    }),
});

const deliveryVerbs = (
  tables: OutboxTables,
  run: Conduct,
): Pick<
  Store,
  'claimDeliveries' | 'settleDelivery' | 'listDeliveries' | 'countDeliveriesWaiting' | 'retryDeliveries'
> => {
  const put = (delivery: Delivery): void =>
    void tables.deliveries.set(keyOf(delivery.webhookId, delivery.fact.sequence), delivery);
  return {
    claimDeliveries: (claim) =>
      run('claimDeliveries', () =>
        chooseTurns(dueOf(tables, claim), claim).map(({ webhook, delivery }) => {
          const attempts = delivery.attempts + 1;
          put({ ...delivery, attempts, nextAtMs: claim.nowMs + claim.leaseMs });
          return { webhook, fact: delivery.fact, attempts };
        }),
      ),
    settleDelivery: ({ webhookId, sequence, attempts }, settlement) =>
      run('settleDelivery', () => {
        const before = tables.deliveries.get(keyOf(webhookId, sequence));
        const webhook = tables.webhooks.get(webhookId);
        const settled = before === undefined ? undefined : settle(before, attempts, settlement);
        if (settled !== undefined) put(settled);
        if (settlement.kind === 'gone' && webhook !== undefined) {
          const disabledAt = Math.floor(settlement.nowMs / 1000);
          tables.webhooks.set(webhookId, { ...webhook, disabledAt: webhook.disabledAt ?? disabledAt });
          for (const one of tables.deliveries.values())
            if (one.webhookId === webhookId && one.nextAtMs !== undefined)
              put({ ...one, state: 'given_up', nextAtMs: undefined, lastError: DISABLED_ERROR });
        }
        return settled === undefined ? 'lost' : 'settled';
      }),
    listDeliveries: ({ webhookId, states, limit }) =>
      run('listDeliveries', () =>
        [...tables.deliveries.values()]
          .filter((one) => states.includes(one.state))
          .filter((one) => webhookId === undefined || one.webhookId === webhookId)
          .sort((a, b) => b.fact.sequence - a.fact.sequence || (a.webhookId < b.webhookId ? -1 : 1))
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
        for (const one of open)
          put({ ...one, nextAtMs: nowMs, state: one.lastError === undefined ? 'pending' : 'retrying' });
        return open.length;
      }),
  };
};

const dueOf = (tables: OutboxTables, { nowMs, limitPerWebhook, inHand }: Claim) =>
  [...tables.webhooks.values()]
    .filter(({ disabledAt }) => disabledAt === undefined)
    .map((webhook) => ({
      webhook,
      deliveries: [...tables.deliveries.values()]
        .filter((one) => one.webhookId === webhook.id)
        .flatMap((one) =>
          one.nextAtMs !== undefined && one.nextAtMs <= nowMs ? [{ ...one, nextAtMs: one.nextAtMs }] : [],
        )
        .sort((a, b) => a.nextAtMs - b.nextAtMs || a.fact.sequence - b.fact.sequence)
        .slice(0, Math.max(0, limitPerWebhook - (inHand.get(webhook.id) ?? 0))),
    }));

/** The delivery as the attempt left it; `undefined` where it was not its holder's any more. */
const settle = (before: Delivery, attempts: number, settlement: Settlement): Delivery | undefined => {
  if (before.state === 'delivered') return undefined;
  if (settlement.kind === 'delivered') {
    const { nowMs: deliveredAtMs, status: lastStatus } = settlement;
    return {
      ...before,
      state: 'delivered',
      nextAtMs: undefined,
      deliveredAtMs,
      lastStatus,
      lastError: undefined,
    };
  }
  if (before.nextAtMs === undefined || before.attempts !== attempts) return undefined;
  const { status: lastStatus } = settlement;
  if (settlement.kind === 'gone')
    return { ...before, state: 'given_up', nextAtMs: undefined, lastStatus, lastError: DISABLED_ERROR };
  const { nextAtMs, error: lastError } = settlement;
  return {
    ...before,
    state: nextAtMs === undefined ? 'given_up' : 'retrying',
    nextAtMs,
    lastStatus,
    lastError,
  };
};

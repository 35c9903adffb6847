import { writeDeliveryError } from './delivery-error.ts';
import type { Millis } from '../clock.ts';
import type { GrantEvent } from './grant-event.ts';
import type { Webhook } from './webhook.ts';

/**
 * How far the delivery of a grant event to a webhook has come. `pending`: no attempt has failed yet; `retrying`: one has,
 * and another follows; `given_up`: none follows.
 */
export const DELIVERY_STATES = ['pending', 'retrying', 'delivered', 'given_up'] as const;
export type DeliveryState = (typeof DELIVERY_STATES)[number];

/** A grant event on its way to a webhook. */
export type Delivery = {
  readonly webhookId: string;
  readonly grantEvent: GrantEvent;
  readonly state: DeliveryState;
  /** How many attempts have begun. */
  readonly attempts: number;
  /** `undefined` when it is over. While an attempt runs, the end of its lease. */
  readonly nextAtMs: Millis | undefined;
  readonly deliveredAtMs: Millis | undefined;
  /** The HTTP status of the last answer, where there was one. */
  readonly lastStatus: number | undefined;
  readonly lastError: string | undefined;
};

/** One attempt of a delivery, once it was settled. */
export type DeliveryAttempt = {
  /** From 1. */
  readonly attempt: number;
  /** When it began. */
  readonly atMs: Millis;
  readonly tookMs: Millis;
  /** `undefined` where there was no answer. */
  readonly status: number | undefined;
  /** `undefined` for one that succeeded. */
  readonly error: string | undefined;
};

/** Of more attempts of one delivery, the newest are kept. */
export const ATTEMPTS_KEPT = 20;

/** Where a list of deliveries goes on: after this one. */
export type DeliveryPlace = { readonly sequence: number; readonly webhookId: string };

/** A place as a cursor. */
export const writeDeliveryPlace = ({ grantEvent, webhookId }: Pick<Delivery, 'grantEvent' | 'webhookId'>) =>
  `${grantEvent.sequence}.${webhookId}`;

/** A place from its cursor; `undefined` for what is none. */
export const readDeliveryPlace = (text: string): DeliveryPlace | undefined => {
  const { sequence, webhookId } =
    /^(?<sequence>\d{1,16})\.(?<webhookId>[\w-]{1,47})$/.exec(text)?.groups ?? {};
  return sequence === undefined || webhookId === undefined
    ? undefined
    : { sequence: Number(sequence), webhookId };
};

/** A delivery that only the caller may attempt until its lease ends. */
export type ClaimedDelivery = {
  readonly webhook: Webhook;
  readonly grantEvent: GrantEvent;
  /** This attempt included. It differs from that of a process that claims the delivery later. */
  readonly attempts: number;
};

/** How many deliveries a caller asks for. */
export type Claim = {
  readonly nowMs: Millis;
  /** A caller that takes longer counts as dead, and any process may claim the delivery again. */
  readonly leaseMs: Millis;
  readonly limit: number;
  /** Per webhook, including what the caller has in hand already. */
  readonly limitPerWebhook: number;
  /** How many of each webhook the caller has in hand. */
  readonly inHand: ReadonlyMap<string, number>;
};

/** The outcome of an attempt. */
export type Settlement =
  | { readonly kind: 'delivered'; readonly nowMs: Millis; readonly status: number }
  | {
      readonly kind: 'failed';
      readonly status: number | undefined;
      readonly error: string;
      /** `undefined` to give up. */
      readonly nextAtMs: Millis | undefined;
    }
  /** The receiver wants nothing more: the webhook is disabled, and all its deliveries are over. */
  | { readonly kind: 'gone'; readonly nowMs: Millis; readonly status: number };

/** What is stored as the error of deliveries that end with their webhook. */
export const DISABLED_ERROR = writeDeliveryError('disabled');

/** What is stored of an attempt besides its number and its moments. */
export const describeAttempt = (
  settlement: Settlement,
): { readonly status: number | undefined; readonly error: string | undefined } => ({
  status: settlement.status,
  error: outcomeOf(settlement).lastError,
});

/** What an attempt leaves of its delivery. */
export type DeliveryOutcome = Pick<Delivery, 'nextAtMs' | 'deliveredAtMs' | 'lastStatus' | 'lastError'>;

export const outcomeOf = (settlement: Settlement): DeliveryOutcome => {
  const { status: lastStatus } = settlement;
  switch (settlement.kind) {
    case 'delivered':
      return { nextAtMs: undefined, deliveredAtMs: settlement.nowMs, lastStatus, lastError: undefined };
    case 'failed':
      return {
        nextAtMs: settlement.nextAtMs,
        deliveredAtMs: undefined,
        lastStatus,
        lastError: settlement.error,
      };
    case 'gone':
      return { nextAtMs: undefined, deliveredAtMs: undefined, lastStatus, lastError: DISABLED_ERROR };
  }
};

/** Where a delivery stands. */
export const stateOf = ({ nextAtMs, deliveredAtMs, lastError }: DeliveryOutcome): DeliveryState => {
  if (deliveredAtMs !== undefined) return 'delivered';
  if (nextAtMs === undefined) return 'given_up';
  return lastError === undefined ? 'pending' : 'retrying';
};

/** How many deliveries to one webhook a claim may take. */
export const roomFor = (
  webhookId: string,
  { limit, limitPerWebhook, inHand }: Pick<Claim, 'limit' | 'limitPerWebhook' | 'inHand'>,
): number => Math.max(0, Math.min(limit, limitPerWebhook - (inHand.get(webhookId) ?? 0)));

/**
 * Which of the due deliveries come next; `due` has those of each webhook in order. Webhooks with the least in hand come
 * first, so that a quick receiver gets the next free place however much waits for slow ones.
 */
export const chooseTurns = <Due extends { readonly nextAtMs: Millis }>(
  due: readonly { readonly webhook: Webhook; readonly deliveries: readonly Due[] }[],
  { inHand, limit }: Pick<Claim, 'inHand' | 'limit'>,
): readonly { readonly webhook: Webhook; readonly delivery: Due }[] =>
  due
    .flatMap(({ webhook, deliveries }) =>
      deliveries.map((delivery, index) => ({
        webhook,
        delivery,
        rank: (inHand.get(webhook.id) ?? 0) + index,
      })),
    )
    .sort((left, right) => left.rank - right.rank || left.delivery.nextAtMs - right.delivery.nextAtMs)
    .slice(0, limit);

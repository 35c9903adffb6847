import type { GrantEvent } from './grant-event.ts';
import type { Webhook } from './webhook.ts';

/**
 * How far a webhook has been told of a grant event. `pending`: no attempt has failed yet; `retrying`: one has, and another
 * follows; `given_up`: none follows.
 */
export const DELIVERY_STATES = ['pending', 'retrying', 'delivered', 'given_up'] as const;
export type DeliveryState = (typeof DELIVERY_STATES)[number];

/** A grant event on its way to a webhook. */
export type Delivery = {
  readonly webhookId: string;
  readonly grantEvent: GrantEvent;
  readonly state: DeliveryState;
  /** How often it was begun. */
  readonly attempts: number;
  /** Integer milliseconds; `undefined` when it is over. While an attempt is under way, the end of its lease. */
  readonly nextAtMs: number | undefined;
  readonly deliveredAtMs: number | undefined;
  /** The HTTP status of the last answer, where there was one. */
  readonly lastStatus: number | undefined;
  readonly lastError: string | undefined;
};

/** A delivery that is the caller's to attempt until its lease ends. */
export type ClaimedDelivery = {
  readonly webhook: Webhook;
  readonly grantEvent: GrantEvent;
  /** This attempt counted: what tells it from an attempt of another process that claimed it later. */
  readonly attempts: number;
};

/** How many deliveries a caller asks for. */
export type Claim = {
  /** Integer milliseconds. */
  readonly nowMs: number;
  /** A caller that has not settled by then is taken for dead, and the delivery is anybody's again. */
  readonly leaseMs: number;
  readonly limit: number;
  /** Of one webhook, what the caller has in hand already included. */
  readonly limitPerWebhook: number;
  /** How many of each webhook the caller has in hand. */
  readonly inHand: ReadonlyMap<string, number>;
};

/** What came of an attempt. */
export type Settlement =
  | { readonly kind: 'delivered'; readonly nowMs: number; readonly status: number }
  | {
      readonly kind: 'failed';
      readonly status: number | undefined;
      readonly error: string;
      /** Integer milliseconds; `undefined` to give up. */
      readonly nextAtMs: number | undefined;
    }
  /** The receiver wants no more, ever: the webhook is disabled, and all its deliveries are over. */
  | { readonly kind: 'gone'; readonly nowMs: number; readonly status: number };

/** What is kept as the error of deliveries that end with their webhook. */
export const DISABLED_ERROR = 'the webhook was disabled';

/**
 * Whose turn it is of the deliveries that are due, each webhook's in its own order: first those of webhooks that have
 * least in hand, so that however much waits for slow receivers, a quick one gets the next free place.
 */
export const chooseTurns = <Due extends { readonly nextAtMs: number }>(
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

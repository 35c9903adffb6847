import type { Millis } from '../clock.ts';
import type {
  Claim,
  ClaimedDelivery,
  Delivery,
  DeliveryAttempt,
  DeliveryPlace,
  DeliveryState,
  Settlement,
} from './delivery.ts';
import type { Webhook, WebhookChange } from './webhook.ts';

/** The webhooks in a store, and the deliveries of grant events to them. */
export type WebhookStore = {
  /** From now on, every grant event that the webhook wants is stored together with a delivery to it. */
  createWebhook(webhook: Webhook): Promise<'created' | 'id_taken' | 'too_many'>;
  /** In the order of creation. */
  listWebhooks(): Promise<readonly Webhook[]>;
  changeWebhook(id: string, change: WebhookChange): Promise<'changed' | 'unknown'>;
  /** Removes a webhook and its deliveries. */
  removeWebhook(id: string): Promise<'removed' | 'unknown'>;
  /** Takes deliveries that are due; nobody else gets them before their lease ends. */
  claimDeliveries(claim: Claim): Promise<readonly ClaimedDelivery[]>;
  /**
   * Stores the outcome of an attempt. `lost`: nothing changed, because the lease ended and another process has the
   * delivery, or because the delivery is over. A success counts even then.
   */
  settleDelivery(
    held: DeliveryPlace & { readonly attempts: number },
    settlement: Settlement,
    /** Stored among the attempts of the delivery, also where it is lost; nothing is stored where this is absent. */
    attempt?: Pick<DeliveryAttempt, 'atMs' | 'tookMs'>,
  ): Promise<'settled' | 'lost'>;
  /**
   * Makes every delivery due that waits for longer than it can, because the clock was set back. `longestWaitsMs`: by how many
   * attempts there were; the last stands for more.
   */
  hastenDeliveries(waits: {
    readonly nowMs: Millis;
    readonly longestWaitsMs: readonly Millis[];
  }): Promise<void>;
  /** Newest grant event first, and for one event in the order of webhook ids. */
  listDeliveries(page: {
    readonly webhookId?: string | undefined;
    readonly states: readonly DeliveryState[];
    readonly after?: DeliveryPlace | undefined;
    readonly limit: number;
  }): Promise<readonly Delivery[]>;
  /** The newest attempts of a delivery that were settled, oldest first. */
  listAttempts(delivery: DeliveryPlace): Promise<readonly DeliveryAttempt[]>;
  /** How many deliveries are neither delivered nor given up. */
  countDeliveriesWaiting(): Promise<number>;
  /** Makes every delivery to a webhook due at once that has not succeeded, those given up included. Answers how many. */
  retryDeliveries(webhookId: string, nowMs: Millis): Promise<number>;
};

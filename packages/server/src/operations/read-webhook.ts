import type { Webhook } from '../outbox/webhook.ts';
import type { OperationContext } from './context.ts';

/** Answers `undefined` for an unknown webhook. Throws `StoreError`. */
export const readWebhook = async (
  { store }: Pick<OperationContext, 'store'>,
  id: string,
): Promise<Webhook | undefined> => (await store.listWebhooks()).find((webhook) => webhook.id === id);

/** The key by which the receiver of a webhook should verify: that of the active webhook key. */
export const readWebhookKey = (
  { keyRing }: Pick<OperationContext, 'keyRing'>,
  { id }: Pick<Webhook, 'id'>,
): Buffer => keyRing.webhook.active.webhookKey(id);
